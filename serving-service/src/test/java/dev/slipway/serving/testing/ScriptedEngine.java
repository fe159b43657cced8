package dev.slipway.serving.testing;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.packaging.GoldenRequests;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ParamSpec;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/**
 * An engine for tests: {@code x} FP32 [-1] to {@code y} = x + a constant of the package, or the
 * request's parameter {@code add} where the package declares it. A test may hook in before the sum
 * is made, by the name of the hook in the package.
 */
public final class ScriptedEngine implements PredictorProvider {
  /** Hooks by name. */
  public static final Map<String, UnaryOperator<PredictRequest>> HOOKS = new ConcurrentHashMap<>();

  /** Run before a package with the hook's name is loaded. */
  public static final Map<String, Runnable> LOAD_HOOKS = new ConcurrentHashMap<>();

  /** Run while a predictor of a package with the hook's name is closed. */
  public static final Map<String, Runnable> CLOSE_HOOKS = new ConcurrentHashMap<>();

  /** Predictors that are open. */
  public static final AtomicInteger OPEN = new AtomicInteger();

  /** Predictors that were closed. */
  public static final AtomicInteger CLOSED = new AtomicInteger();

  /** Predictions begun after their predictor was closed. */
  public static final AtomicInteger USED_AFTER_CLOSE = new AtomicInteger();

  /** Writes a package whose answer is {@code x + add}. */
  public static Path write(Path folder, double add, String hook) {
    return write(folder, add, hook, add);
  }

  /** Writes a package with a golden request that expects {@code 1 + goldenAdd} for 1. */
  public static Path write(Path folder, double add, String hook, double goldenAdd) {
    return write(folder, add, goldenAdd, described(add, hook));
  }

  /** Writes a package that declares itself deterministic. */
  public static Path writeDeterministic(Path folder, double add, String hook) {
    return write(folder, add, add, described(add, hook).metadata("slipway.deterministic", true));
  }

  /** Writes a package whose signature declares the parameter {@code add}, with this default. */
  public static Path writeWithParameter(Path folder, double add, String hook) {
    ModelSignature signature =
        new ModelSignature(
            Optional.empty(),
            Optional.empty(),
            List.of(ParamSpec.of("add", ScalarType.DOUBLE, add)));
    return write(folder, add, add, described(add, hook).signature(signature));
  }

  private static MLmodel.Builder described(double add, String hook) {
    return MLmodel.builder().flavor(new Flavor("scripted", Map.of("add", add, "hook", hook)));
  }

  private static Path write(Path folder, double add, double goldenAdd, MLmodel.Builder described) {
    ModelPackage.builder(described.build())
        .file("weights.bin", new byte[] {1, 2, 3, (byte) add})
        .goldenRequests(
            GoldenRequests.of(
                new GoldenCase(
                    "one",
                    List.of(Tensor.ofFloats("x", Shape.of(1), 1f)),
                    Map.of(),
                    List.of(Tensor.ofFloats("y", Shape.of(1), (float) (1 + goldenAdd))),
                    1e-6,
                    0)))
        .writeTo(folder);
    return folder;
  }

  @Override
  public String flavor() {
    return "scripted";
  }

  @Override
  public Predictor load(ModelPackage modelPackage, Flavor flavor) {
    String hook = flavor.text("hook");
    LOAD_HOOKS.getOrDefault(hook, () -> {}).run();
    double add = ((Number) flavor.config().get("add")).doubleValue();
    OPEN.incrementAndGet();
    return new Scripted(hook, (float) add);
  }

  private static final class Scripted implements Predictor {
    private final String hook;
    private final float add;
    private final AtomicInteger running = new AtomicInteger();
    private volatile boolean closed;

    Scripted(String hook, float add) {
      this.hook = hook;
      this.add = add;
    }

    @Override
    public String platform() {
      return "scripted_test";
    }

    @Override
    public SignatureChecks inputChecks() {
      return SignatureChecks.ofTensors(
          List.of(new TensorMetadata("x", DataType.FP32, Shape.of(Shape.ANY))));
    }

    @Override
    public List<TensorMetadata> outputs() {
      return List.of(new TensorMetadata("y", DataType.FP32, Shape.of(Shape.ANY)));
    }

    @Override
    public Predictions predict(PredictRequest request) {
      running.incrementAndGet();
      try {
        if (closed) {
          USED_AFTER_CLOSE.incrementAndGet();
          throw new IllegalStateException("closed");
        }
        PredictRequest hooked = HOOKS.getOrDefault(hook, UnaryOperator.identity()).apply(request);
        List<Tensor> outputs = new ArrayList<>();
        float[] values = hooked.inputs().get(0).toFloats();
        float sum =
            hooked.parameters().get("add") instanceof Double asked ? asked.floatValue() : add;
        for (int i = 0; i < values.length; i++) {
          values[i] += sum;
        }
        outputs.add(Tensor.ofFloats("y", hooked.inputs().get(0).shape(), values));
        return new Predictions(outputs);
      } finally {
        running.decrementAndGet();
      }
    }

    @Override
    public void close() {
      CLOSE_HOOKS.getOrDefault(hook, () -> {}).run();
      if (running.get() > 0) {
        USED_AFTER_CLOSE.incrementAndGet();
      }
      if (!closed) {
        closed = true;
        OPEN.decrementAndGet();
        CLOSED.incrementAndGet();
      }
    }
  }
}

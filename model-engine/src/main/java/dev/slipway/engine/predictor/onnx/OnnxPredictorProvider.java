package dev.slipway.engine.predictor.onnx;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;
import dev.slipway.engine.signature.ModelSignature;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Loads MLflow's {@code onnx} flavor: {@code data} names the model file; weights in files of their
 * own are found beside it and nowhere else. Of {@code onnx_session_options} the {@code
 * graph_optimization_level} is honoured; threads follow the engine's rule, and {@code providers}
 * other than the CPU are not used.
 */
public final class OnnxPredictorProvider implements PredictorProvider {

  /** MLflow's numbers for the levels, which are ONNX Runtime's own. */
  private static final Map<Object, SessionOptions.OptLevel> OPTIMIZATION_LEVELS =
      Map.of(
          0, SessionOptions.OptLevel.NO_OPT,
          1, SessionOptions.OptLevel.BASIC_OPT,
          2, SessionOptions.OptLevel.EXTENDED_OPT,
          99, SessionOptions.OptLevel.ALL_OPT);

  /**
   * ONNX Runtime matches the command line of the process with a recursive regular expression when
   * it starts: a long class path there overflows a stack of common size, and the process dies.
   */
  private static final long OPEN_STACK_BYTES = 64L << 20;

  /** Creates the provider; the native library loads with the first model. */
  public OnnxPredictorProvider() {}

  @Override
  public String flavor() {
    return "onnx";
  }

  @Override
  public Predictor load(ModelPackage modelPackage, Flavor flavor) {
    String data = flavor.text("data");
    Path file = modelPackage.file(data);
    FutureTask<Predictor> opening =
        new FutureTask<>(() -> open(file, data, flavor, modelPackage.signature()));
    new Thread(null, opening, "onnx-open", OPEN_STACK_BYTES).start();
    return result(opening);
  }

  /**
   * Waits without heed of interrupts: the native half cannot be stopped, and its session would be
   * lost.
   */
  private static Predictor result(FutureTask<Predictor> opening) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return opening.get();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException("opening an ONNX model failed", e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static Predictor open(
      Path file, String data, Flavor flavor, Optional<ModelSignature> signature) {
    OrtEnvironment environment = environment();
    OrtSession session;
    try (SessionOptions options = options(flavor)) {
      session = environment.createSession(file.toString(), options);
    } catch (OrtException e) {
      throw refusal(data, e);
    }
    try {
      return new OnnxPredictor(environment, session, signature);
    } catch (OrtException | RuntimeException e) {
      close(session, e);
      if (e instanceof OrtException failure) {
        throw refusal(data, failure);
      }
      throw (RuntimeException) e;
    }
  }

  private static OrtEnvironment environment() {
    try {
      return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "slipway");
    } catch (LinkageError e) {
      throw new UnsupportedModelException(
          "ONNX Runtime's native library does not load on "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + ": "
              + e.getMessage(),
          e);
    }
  }

  /**
   * One thread per call, the caller's: parallel calls share the cores better than threads inside a
   * call. Spinning burns a core per session; the arena keeps the largest batch's memory for ever,
   * also over reloads.
   */
  static SessionOptions options(Flavor flavor) throws OrtException {
    SessionOptions options = new SessionOptions();
    options.setExecutionMode(SessionOptions.ExecutionMode.SEQUENTIAL);
    options.setIntraOpNumThreads(1);
    options.setInterOpNumThreads(1);
    options.addConfigEntry("session.intra_op.allow_spinning", "0");
    options.addConfigEntry("session.inter_op.allow_spinning", "0");
    options.setCPUArenaAllocator(false);
    options.setMemoryPatternOptimization(false);
    options.setOptimizationLevel(optimizationLevel(flavor));
    return options;
  }

  private static SessionOptions.OptLevel optimizationLevel(Flavor flavor) {
    Object wanted =
        flavor.config().get("onnx_session_options") instanceof Map<?, ?> settings
            ? settings.get("graph_optimization_level")
            : null;
    return wanted == null
        ? SessionOptions.OptLevel.ALL_OPT
        : OPTIMIZATION_LEVELS.getOrDefault(wanted, SessionOptions.OptLevel.ALL_OPT);
  }

  private static RuntimeException refusal(String data, OrtException e) {
    String message = "ONNX Runtime cannot load " + data + ": " + e.getMessage();
    return e.getCode() == OrtException.OrtErrorCode.ORT_NOT_IMPLEMENTED
        ? new UnsupportedModelException(message, e)
        : new ModelPackageException(message, e);
  }

  private static void close(OrtSession session, Exception reason) {
    try {
      session.close();
    } catch (OrtException e) {
      reason.addSuppressed(e);
    }
  }
}

package dev.slipway.serving.model;

import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.TensorMetadata;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.execution.ModelStatistics;
import dev.slipway.serving.model.LoadedModel.LoadReport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Versions without files, whose copies in memory are counted. */
public final class TestVersions {
  /** Copies that are open. */
  final AtomicInteger open = new AtomicInteger();

  /** Run when a copy is closed. */
  volatile Runnable onClose = () -> {};

  /** Returns a version of the model {@code m}. */
  public static CatalogVersion version(long number, String digest) {
    return new CatalogVersion(
        new VersionKey("m", number),
        Stage.NONE,
        CatalogVersion.Readiness.READY,
        List.of(),
        digest,
        "",
        "",
        "",
        Instant.EPOCH);
  }

  /** Loads a version that takes no memory. */
  public LoadedModel load(CatalogVersion version) {
    return load(version, new MemoryBudget(1).reserve(version.key(), 0, Need.REQUESTS));
  }

  LoadedModel load(CatalogVersion version, MemoryBudget.Reservation memory) {
    return load(version, memory, List.of());
  }

  LoadedModel load(
      CatalogVersion version, MemoryBudget.Reservation memory, List<LoadedStep> steps) {
    open.incrementAndGet();
    return new LoadedModel(
        version,
        null,
        new Counted(steps),
        null,
        new ModelStatistics(),
        new LoadReport(Instant.EPOCH, Duration.ZERO, Duration.ZERO, 0, List.of()),
        memory,
        steps);
  }

  private final class Counted implements Predictor {
    private final List<LoadedStep> steps;

    Counted(List<LoadedStep> steps) {
      this.steps = steps;
    }

    @Override
    public String platform() {
      return "test_counted";
    }

    @Override
    public SignatureChecks inputChecks() {
      return SignatureChecks.ofTensors(List.of());
    }

    @Override
    public List<TensorMetadata> outputs() {
      return List.of(new TensorMetadata("y", DataType.FP32, Shape.of(Shape.ANY)));
    }

    @Override
    public boolean batched() {
      return true;
    }

    @Override
    public Predictions predict(PredictRequest request) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      onClose.run();
      open.decrementAndGet();
      steps.forEach(step -> step.hold().close());
    }
  }
}

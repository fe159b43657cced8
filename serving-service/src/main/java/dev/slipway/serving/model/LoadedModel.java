package dev.slipway.serving.model;

import dev.slipway.engine.packaging.GoldenResult;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.execution.ExecutionQueue;
import dev.slipway.serving.execution.ModelStatistics;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One version in memory. It counts who holds it: the pool from the start, and each {@link
 * ModelHandle}. When the last one lets go the predictor is closed, never before, so nothing is
 * closed under a running call. Thread-safe.
 */
public final class LoadedModel {
  private static final Logger log = LoggerFactory.getLogger(LoadedModel.class);

  /** Key of the MLmodel file's metadata whose value true is the declaration. */
  public static final String DETERMINISTIC = "slipway.deterministic";

  private final CatalogVersion version;
  private final ModelPackage modelPackage;
  private final Predictor predictor;
  private final ExecutionQueue queue;
  private final ModelStatistics statistics;
  private final LoadReport report;
  private final MemoryBudget.Reservation memory;
  private final AtomicInteger holders = new AtomicInteger(1);

  LoadedModel(
      CatalogVersion version,
      ModelPackage modelPackage,
      Predictor predictor,
      ExecutionQueue queue,
      ModelStatistics statistics,
      LoadReport report,
      MemoryBudget.Reservation memory) {
    this.version = version;
    this.modelPackage = modelPackage;
    this.predictor = predictor;
    this.queue = queue;
    this.statistics = statistics;
    this.report = report;
    this.memory = memory;
  }

  /**
   * How a load went.
   *
   * @param time when it ended
   * @param duration from fetching the package to the end of the warm-up
   * @param engineDuration the engine's part of it
   * @param packageBytes size of the package's files
   * @param warmUp the golden requests that were run
   */
  public record LoadReport(
      Instant time,
      Duration duration,
      Duration engineDuration,
      long packageBytes,
      List<WarmUp> warmUp) {
    /** Copies the list. */
    public LoadReport {
      warmUp = List.copyOf(warmUp);
    }
  }

  /**
   * A golden request that was run.
   *
   * @param result how it came out
   * @param duration how long it took
   */
  public record WarmUp(GoldenResult result, Duration duration) {}

  /** Takes hold, unless the predictor is closed already. */
  Optional<ModelHandle> acquire() {
    int count = holders.get();
    while (count > 0) {
      if (holders.compareAndSet(count, count + 1)) {
        return Optional.of(new ModelHandle(this));
      }
      count = holders.get();
    }
    return Optional.empty();
  }

  /** Lets go for the pool: it no longer counts against the budget. */
  void letGo() {
    releaseMemory();
    release();
  }

  /** Gives its share of the budget back, before it is let go of; again does nothing. */
  void releaseMemory() {
    memory.release();
  }

  void release() {
    if (holders.decrementAndGet() == 0) {
      try {
        predictor.close();
        log.info("closed {}", version.key());
      } catch (RuntimeException e) {
        log.warn("cannot close {}", version.key(), e);
      }
    }
  }

  boolean isClosed() {
    return holders.get() <= 0;
  }

  /**
   * Returns the version as it was when it was loaded; its stage and aliases may have changed since.
   */
  public CatalogVersion version() {
    return version;
  }

  /** Returns the package on disk. */
  public ModelPackage modelPackage() {
    return modelPackage;
  }

  /**
   * Tells whether the package declares that the answer to a row depends on that row and the
   * parameters alone, so that it may be used again: not on chance, time, earlier requests or the
   * other rows of the call.
   */
  public boolean isDeterministic() {
    return Boolean.TRUE.equals(modelPackage.mlmodel().metadata().get(DETERMINISTIC));
  }

  /** Returns what runs it. */
  public Predictor predictor() {
    return predictor;
  }

  /** Returns the way to the predictor. */
  public ExecutionQueue queue() {
    return queue;
  }

  /** Returns the figures since the load. */
  public ModelStatistics statistics() {
    return statistics;
  }

  /** Returns what it takes in memory as measured when it was loaded, bytes. */
  public long memoryBytes() {
    return memory.bytes();
  }

  /** Returns how the load went. */
  public LoadReport report() {
    return report;
  }
}

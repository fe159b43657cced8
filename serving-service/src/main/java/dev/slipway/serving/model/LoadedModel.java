package dev.slipway.serving.model;

import dev.slipway.engine.packaging.GoldenResult;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.tensor.TensorMetadata;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.execution.ModelStatistics;
import dev.slipway.serving.execution.RequestQueue;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
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

  private final CatalogVersion version;
  private final ModelPackage modelPackage;
  private final Predictor predictor;
  private final RequestQueue queue;
  private final ModelStatistics statistics;
  private final LoadReport report;
  private final MemoryBudget.Reservation memory;
  private final List<LoadedStep> steps;
  private final String answersDigest;
  private final List<String> outputNames;
  private final boolean batched;
  private final AtomicInteger holders = new AtomicInteger(1);
  private final AtomicInteger dependants = new AtomicInteger();
  private volatile boolean unwanted;

  LoadedModel(
      CatalogVersion version,
      ModelPackage modelPackage,
      Predictor predictor,
      RequestQueue queue,
      ModelStatistics statistics,
      LoadReport report,
      MemoryBudget.Reservation memory,
      List<LoadedStep> steps) {
    this.version = version;
    this.modelPackage = modelPackage;
    this.predictor = predictor;
    this.queue = queue;
    this.statistics = statistics;
    this.report = report;
    this.memory = memory;
    this.steps = List.copyOf(steps);
    this.answersDigest = answersDigest(version, steps);
    this.outputNames = predictor.outputs().stream().map(TensorMetadata::name).toList();
    this.batched = predictor.batched();
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

  /**
   * Gives its share of the budget back, before it is let go of, and leaves its steps; again does
   * nothing. As long as a pipeline needs it the share stays.
   */
  void releaseMemory() {
    steps.forEach(step -> step.hold().leave());
    unwanted = true;
    if (dependants.get() == 0) {
      memory.release();
    }
  }

  void dependantCame() {
    dependants.incrementAndGet();
  }

  void dependantLeft() {
    if (dependants.decrementAndGet() == 0 && unwanted) {
      memory.release();
    }
  }

  /** Returns how many steps of loaded pipelines, and of those being loaded, run on it. */
  int dependants() {
    return dependants.get();
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

  /** Tells whether answers may be used again, as its package declares. */
  public boolean isDeterministic() {
    return modelPackage.mlmodel().isDeterministic();
  }

  /** Returns the steps of a pipeline, in the order of its definition; none for other models. */
  public List<LoadedStep> steps() {
    return steps;
  }

  /** Returns how deep pipelines lie in it: 0 for a model, 1 for a pipeline of models. */
  int depth() {
    return steps.stream().mapToInt(step -> step.model().depth() + 1).max().orElse(0);
  }

  /** Returns how many steps a request runs at most, those of pipelines that are steps included. */
  int allSteps() {
    return steps.stream().mapToInt(step -> step.model().allSteps() + 1).sum();
  }

  /**
   * Returns what its answers are kept by: the digest of its package, and for a pipeline those of
   * its steps too, since the numbers of a model that was deleted and created anew name others.
   */
  public String answersDigest() {
    return answersDigest;
  }

  private static String answersDigest(CatalogVersion version, List<LoadedStep> steps) {
    if (steps.isEmpty()) {
      return version.packageDigest();
    }
    StringBuilder parts = new StringBuilder(version.packageDigest());
    steps.forEach(step -> parts.append('\n').append(step.model().answersDigest()));
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(parts.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Returns what runs it. */
  public Predictor predictor() {
    return predictor;
  }

  /** Returns the names of the predictor's outputs, in its order. */
  public List<String> outputNames() {
    return outputNames;
  }

  /** Tells whether inputs and outputs have a row for each row asked. */
  public boolean batched() {
    return batched;
  }

  /** Returns the way to the predictor. */
  public RequestQueue queue() {
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

package dev.slipway.serving;

import dev.slipway.engine.predictor.python.PythonSettings;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.execution.QueueLimits;
import dev.slipway.serving.model.MemoryBudget;
import dev.slipway.serving.model.ModelPool.KeepPolicy;
import dev.slipway.serving.model.StagePattern;
import dev.slipway.serving.redis.RedisSettings;
import dev.slipway.serving.remote.RemoteSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How models are served.
 *
 * @param cacheFolder where packages are kept on disk
 * @param followed stages of models, Staging and Production, whose versions are kept loaded; others
 *     load on request
 * @param limits bounds of the queue in front of each version
 * @param keep how long versions stay that no stage points to
 * @param loads bounds of what is loaded
 * @param idleBufferBytes most memory kept for putting batches together
 * @param cacheBytes most bytes of answers kept for equal requests, of all models; 0 keeps none
 * @param python how Python models are run; empty if they are refused
 * @param remote which other model servers may be called
 * @param redis what kept answers are shared through; empty if they are not
 */
public record ServingConfig(
    Path cacheFolder,
    List<StagePattern> followed,
    QueueLimits limits,
    KeepPolicy keep,
    LoadLimits loads,
    long idleBufferBytes,
    long cacheBytes,
    Optional<PythonSettings> python,
    RemoteSettings remote,
    Optional<RedisSettings> redis) {
  /** Default of the requests that may wait for one version. */
  public static final int DEFAULT_MAX_QUEUED = 1024;

  /** Default of the rows that requests are joined up to. */
  public static final int DEFAULT_MAX_BATCH_ROWS = 1024;

  /** Default of how long a replaced version stays. */
  public static final Duration DEFAULT_ROLLBACK_RETENTION = Duration.ofMinutes(10);

  /** Default of how long a version that a request loaded stays without being used. */
  public static final Duration DEFAULT_IDLE_RETENTION = Duration.ofHours(1);

  /** Default of how long an engine may take to open a package. */
  public static final Duration DEFAULT_LOAD_TIMEOUT = Duration.ofMinutes(5);

  private static final int DEFAULT_PARALLEL_FETCHES = 2;

  /** Default of the bytes of answers that are kept. */
  public static final long DEFAULT_CACHE_BYTES = 64L << 20;

  private static final long DEFAULT_IDLE_BUFFER_BYTES = 64L << 20;

  /**
   * Bounds of what is loaded.
   *
   * @param parallelFetches packages that are fetched at once, from 1
   * @param timeout how long an engine may take to open and warm up a package
   * @param memoryBytes what all versions may take together, from 1; {@link MemoryBudget#UNLIMITED}
   *     for no bound
   */
  public record LoadLimits(int parallelFetches, Duration timeout, long memoryBytes) {
    /** Checks the ranges. */
    public LoadLimits {
      if (parallelFetches < 1 || timeout.isNegative() || timeout.isZero() || memoryBytes < 1) {
        throw new IllegalArgumentException(
            "limits out of range: " + parallelFetches + ", " + timeout + ", " + memoryBytes);
      }
    }
  }

  /** Copies the list and checks the ranges. */
  public ServingConfig {
    followed = List.copyOf(followed);
    if (idleBufferBytes < 0) {
      throw new IllegalArgumentException("idleBufferBytes must be at least 0");
    }
  }

  /** Creates settings under which no other model server may be called and no answer is shared. */
  public ServingConfig(
      Path cacheFolder,
      List<StagePattern> followed,
      QueueLimits limits,
      KeepPolicy keep,
      LoadLimits loads,
      long idleBufferBytes,
      long cacheBytes,
      Optional<PythonSettings> python) {
    this(
        cacheFolder,
        followed,
        limits,
        keep,
        loads,
        idleBufferBytes,
        cacheBytes,
        python,
        RemoteSettings.NONE,
        Optional.empty());
  }

  /** Returns the same settings but for the other model servers that may be called. */
  public ServingConfig withRemote(RemoteSettings other) {
    return new ServingConfig(
        cacheFolder,
        followed,
        limits,
        keep,
        loads,
        idleBufferBytes,
        cacheBytes,
        python,
        other,
        redis);
  }

  /** Returns the same settings but for what kept answers are shared through. */
  public ServingConfig withRedis(RedisSettings other) {
    return new ServingConfig(
        cacheFolder,
        followed,
        limits,
        keep,
        loads,
        idleBufferBytes,
        cacheBytes,
        python,
        remote,
        Optional.of(other));
  }

  /** Returns the defaults over a cache folder. */
  public static ServingConfig withDefaults(Path cacheFolder) {
    return new ServingConfig(
        cacheFolder,
        List.of(StagePattern.ALL),
        new QueueLimits(
            DEFAULT_MAX_QUEUED, Runtime.getRuntime().availableProcessors(), DEFAULT_MAX_BATCH_ROWS),
        new KeepPolicy(DEFAULT_ROLLBACK_RETENTION, 1, DEFAULT_IDLE_RETENTION),
        new LoadLimits(DEFAULT_PARALLEL_FETCHES, DEFAULT_LOAD_TIMEOUT, MemorySize.ofMachine() / 2),
        DEFAULT_IDLE_BUFFER_BYTES,
        DEFAULT_CACHE_BYTES,
        Optional.empty());
  }

  /** Tells whether the version in a stage of a model is kept loaded. */
  boolean follows(String model, Stage stage) {
    return followed.stream().anyMatch(pattern -> pattern.matches(model, stage));
  }
}

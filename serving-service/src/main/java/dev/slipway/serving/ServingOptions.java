package dev.slipway.serving;

import dev.slipway.engine.predictor.python.PythonSettings;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.serving.ServingConfig.LoadLimits;
import dev.slipway.serving.execution.QueueLimits;
import dev.slipway.serving.model.MemoryBudget;
import dev.slipway.serving.model.ModelPool.KeepPolicy;
import dev.slipway.serving.model.StagePattern;
import dev.slipway.serving.redis.RedisSettings;
import dev.slipway.serving.remote.RemoteSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Holds the flags of the serving service. A mixin of picocli; not thread-safe. */
public final class ServingOptions {
  @Option(
      names = "--serve-models",
      paramLabel = "PATTERN",
      split = ",",
      description =
          "Names of models whose Staging and Production versions are kept loaded, * and ? allowed,"
              + " separated by commas; NAME@staging or NAME@production for one stage alone. Others"
              + " load on request. Default: all.")
  private List<String> serveModels = new ArrayList<>();

  @Option(
      names = "--serve-max-queued",
      paramLabel = "N",
      defaultValue = "" + ServingConfig.DEFAULT_MAX_QUEUED,
      description = "Requests that may wait for one version. Default: ${DEFAULT-VALUE}.")
  private int maxQueued;

  @Option(
      names = "--serve-max-running",
      paramLabel = "N",
      description =
          "Engine calls of one version that may run at once. Default: the number of processors.")
  private Integer maxRunning;

  @Option(
      names = "--serve-max-batch-rows",
      paramLabel = "N",
      defaultValue = "" + ServingConfig.DEFAULT_MAX_BATCH_ROWS,
      description =
          "Rows that waiting requests are joined up to; 1 joins none. Default: ${DEFAULT-VALUE}.")
  private int maxBatchRows;

  @Option(
      names = "--serve-rollback-seconds",
      paramLabel = "SECONDS",
      defaultValue = "600",
      description =
          "How long a replaced version stays loaded for a rollback. Default: ${DEFAULT-VALUE}.")
  private long rollbackSeconds;

  @Option(
      names = "--serve-idle-seconds",
      paramLabel = "SECONDS",
      defaultValue = "3600",
      description =
          "How long a version that a request loaded stays without being used. Default:"
              + " ${DEFAULT-VALUE}.")
  private long idleSeconds;

  @Option(
      names = "--serve-load-timeout-seconds",
      paramLabel = "SECONDS",
      defaultValue = "300",
      description =
          "How long opening and warming up a version may take. Default: ${DEFAULT-VALUE}.")
  private long loadTimeoutSeconds;

  @Option(
      names = "--serve-memory-budget",
      paramLabel = "SIZE",
      defaultValue = "50%",
      description =
          "Memory that all loaded versions may take together, as measured: bytes, with a unit"
              + " (8GiB, 500MB), or a share of the memory of the machine or container; 0 for no"
              + " bound. Default: ${DEFAULT-VALUE}.")
  private String memoryBudget;

  @Option(
      names = "--serve-cache-bytes",
      paramLabel = "SIZE",
      defaultValue = "64MiB",
      description =
          "Answers that are kept for equal requests, of all models that ask for it: bytes, with a"
              + " unit (256MiB), or a share of the largest heap; 0 keeps none. Default:"
              + " ${DEFAULT-VALUE}.")
  private String cacheBytes;

  @Option(
      names = "--serve-cache-dir",
      paramLabel = "DIR",
      description = "Where fetched packages are kept. Default: serving/packages below --data-dir.")
  private Path cacheDir;

  @Mixin private PythonOptions python = new PythonOptions();

  @Mixin private RemoteOptions remote = new RemoteOptions();

  @Mixin private RedisOptions redis = new RedisOptions();

  /**
   * Returns the settings, noting what is wrong with them; null after a problem.
   *
   * @param defaultCacheDir folder of fetched packages when none was given
   */
  public ServingConfig config(Path defaultCacheDir, ConfigProblems problems) {
    ServingConfig defaults =
        ServingConfig.withDefaults(cacheDir == null ? defaultCacheDir : cacheDir);
    int running = maxRunning == null ? defaults.limits().maxRunning() : maxRunning;
    boolean good = true;
    good &= atLeast(0, maxQueued, "--serve-max-queued", problems);
    good &= atLeast(1, running, "--serve-max-running", problems);
    good &= atLeast(1, maxBatchRows, "--serve-max-batch-rows", problems);
    good &= atLeast(0, rollbackSeconds, "--serve-rollback-seconds", problems);
    good &= atLeast(1, idleSeconds, "--serve-idle-seconds", problems);
    good &= atLeast(1, loadTimeoutSeconds, "--serve-load-timeout-seconds", problems);
    OptionalLong memory = MemorySize.parse(memoryBudget, MemorySize.ofMachine());
    if (memory.isEmpty()) {
      problems.add(
          "--serve-memory-budget",
          "is \"" + memoryBudget + "\"; must be bytes, a size like 8GiB or 500MB, or 0% to 100%");
      good = false;
    }
    OptionalLong cache = MemorySize.parse(cacheBytes, Runtime.getRuntime().maxMemory());
    if (cache.isEmpty()) {
      problems.add(
          "--serve-cache-bytes",
          "is \"" + cacheBytes + "\"; must be bytes, a size like 256MiB, or 0% to 100%");
      good = false;
    }
    Optional<PythonSettings> pythonSettings =
        python.settings(
            Duration.ofSeconds(Math.max(1, loadTimeoutSeconds)),
            defaultCacheDir.resolveSibling("python"),
            problems);
    Optional<RemoteSettings> remoteSettings = remote.settings(problems);
    Optional<RedisSettings> redisSettings = redis.settings(problems);
    if (redisSettings != null && redisSettings.isPresent() && cache.orElse(1) == 0) {
      problems.add("--serve-cache-redis", "is of no use while --serve-cache-bytes is 0");
      good = false;
    }
    if (!good || pythonSettings == null || remoteSettings.isEmpty() || redisSettings == null) {
      return null;
    }
    return new ServingConfig(
        defaults.cacheFolder(),
        serveModels.isEmpty()
            ? defaults.followed()
            : serveModels.stream().map(StagePattern::parse).toList(),
        new QueueLimits(maxQueued, running, maxBatchRows),
        new KeepPolicy(
            Duration.ofSeconds(rollbackSeconds),
            defaults.keep().rollbackVersions(),
            Duration.ofSeconds(idleSeconds)),
        new LoadLimits(
            defaults.loads().parallelFetches(),
            Duration.ofSeconds(loadTimeoutSeconds),
            memory.getAsLong() == 0 ? MemoryBudget.UNLIMITED : memory.getAsLong()),
        defaults.idleBufferBytes(),
        cache.getAsLong(),
        pythonSettings,
        remoteSettings.get(),
        redisSettings);
  }

  static boolean atLeast(long least, long value, String flag, ConfigProblems problems) {
    if (value < least) {
      problems.add(flag, "is " + value + "; must be at least " + least);
      return false;
    }
    return true;
  }
}

package dev.slipway.serving.model;

import dev.slipway.serving.cache.CachePolicy;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.ModelSettings;
import dev.slipway.serving.catalog.ServingSetting;
import dev.slipway.serving.execution.QueueLimits;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How models are run: by the settings that each has of its own in the registry, and the server's
 * where it has none. Thread-safe; asked anew for every request, so that a change takes effect at
 * once.
 */
public final class SettingsInForce {
  private final Catalog catalog;
  private final QueueLimits limits;
  private final Duration rollback;

  /**
   * Creates it.
   *
   * @param limits the server's bounds of the queue of each version
   * @param rollback the server's time that a replaced version stays
   */
  public SettingsInForce(Catalog catalog, QueueLimits limits, Duration rollback) {
    this.catalog = catalog;
    this.limits = limits;
    this.rollback = rollback;
  }

  /** Returns what a model has of its own; nothing for one that is not known. */
  public ModelSettings ofModel(String model) {
    return catalog.find(model).map(known -> known.policy().settings()).orElse(ModelSettings.NONE);
  }

  /** Returns the bounds of the queues of a model's versions. */
  public QueueLimits limits(String model) {
    ModelSettings own = ofModel(model);
    if (own.values().isEmpty()) {
      return limits;
    }
    boolean batching = own.flag(ServingSetting.BATCHING, true);
    return new QueueLimits(
        (int) own.number(ServingSetting.MAX_QUEUED, limits.maxQueued()),
        (int) own.number(ServingSetting.MAX_RUNNING, limits.maxRunning()),
        batching ? (int) own.number(ServingSetting.MAX_BATCH_ROWS, limits.maxBatchRows()) : 1,
        own.time(ServingSetting.MAX_DELAY, limits.maxDelay()));
  }

  /** Returns how answers of a model's deterministic versions are kept; absent when they are not. */
  public Optional<CachePolicy> cache(String model) {
    ModelSettings own = ofModel(model);
    if (!own.flag(ServingSetting.CACHED, false)) {
      return Optional.empty();
    }
    return Optional.of(
        new CachePolicy(
            !own.find(ServingSetting.GRANULARITY)
                .equals(Optional.of(ServingSetting.Granularity.REQUEST)),
            own.find(ServingSetting.MAX_CACHE_BYTES)
                .map(bytes -> OptionalLong.of((Long) bytes))
                .orElse(OptionalLong.empty()),
            own.find(ServingSetting.TIME_TO_LIVE).map(Duration.class::cast)));
  }

  /** Returns how long a model's versions stay after they were replaced in their stage. */
  public Duration rollbackRetention(String model) {
    return ofModel(model).time(ServingSetting.ROLLBACK_RETENTION, rollback);
  }
}

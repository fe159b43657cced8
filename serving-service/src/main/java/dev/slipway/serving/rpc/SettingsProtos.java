package dev.slipway.serving.rpc;

import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.catalog.ModelSettings;
import dev.slipway.serving.catalog.ServingSetting;
import dev.slipway.serving.catalog.ServingSetting.Granularity;
import dev.slipway.serving.execution.QueueLimits;
import dev.slipway.serving.model.SettingsInForce;
import dev.slipway.serving.v1.AdmissionSettings;
import dev.slipway.serving.v1.BatchingSettings;
import dev.slipway.serving.v1.CacheSettings;
import dev.slipway.serving.v1.ServingSettings;
import dev.slipway.serving.v1.UpdateServingSettingsRequest;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads and writes the settings of models. */
final class SettingsProtos {
  private static final long MAX_DURATION_SECONDS = 315_576_000_000L;

  private SettingsProtos() {}

  /**
   * Reads which settings a request changes, and to what; absent for the server's own.
   *
   * @throws dev.slipway.runtime.error.InvalidRequestException with everything that is wrong
   */
  static Map<ServingSetting, Optional<Object>> changes(UpdateServingSettingsRequest request) {
    Violations violations = new Violations();
    violations.required("model", request.getModel());
    Set<ServingSetting> named = named(request.getUpdateMask(), violations);
    Map<ServingSetting, Optional<Object>> changes = new EnumMap<>(ServingSetting.class);
    for (ServingSetting setting : named) {
      Optional<Object> value = value(request.getSettings(), setting);
      value.ifPresent(
          given -> violations.parse("settings." + setting.path(), given, setting::check));
      changes.put(setting, value);
    }
    violations.throwIfAny();
    return changes;
  }

  private static Set<ServingSetting> named(FieldMask mask, Violations violations) {
    if (mask.getPathsCount() == 0) {
      return EnumSet.allOf(ServingSetting.class);
    }
    Set<ServingSetting> named = EnumSet.noneOf(ServingSetting.class);
    for (String path : mask.getPathsList()) {
      boolean known = false;
      for (ServingSetting setting : ServingSetting.values()) {
        if (setting.path().equals(path) || setting.path().startsWith(path + ".")) {
          named.add(setting);
          known = true;
        }
      }
      if (!known) {
        violations.add("update_mask", "unknown field \"" + path + "\" of the settings");
      }
    }
    return named;
  }

  /** Returns a value as it was given, fit or not; absent when it was not. */
  private static Optional<Object> value(ServingSettings settings, ServingSetting setting) {
    AdmissionSettings admission = settings.getAdmission();
    BatchingSettings batching = settings.getBatching();
    CacheSettings cache = settings.getCache();
    return switch (setting) {
      case MAX_QUEUED -> given(admission.hasMaxQueued(), (long) admission.getMaxQueued());
      case MAX_RUNNING -> given(admission.hasMaxRunning(), (long) admission.getMaxRunning());
      case BATCHING -> given(batching.hasEnabled(), batching.getEnabled());
      case MAX_BATCH_ROWS -> given(batching.hasMaxRows(), (long) batching.getMaxRows());
      case MAX_DELAY -> given(batching.hasMaxDelay(), duration(batching.getMaxDelay()));
      case CACHED -> given(cache.hasEnabled(), cache.getEnabled());
      case MAX_CACHE_BYTES -> given(cache.hasMaxBytes(), cache.getMaxBytes());
      case TIME_TO_LIVE -> given(cache.hasTimeToLive(), duration(cache.getTimeToLive()));
      case GRANULARITY ->
          switch (cache.getGranularity()) {
            case GRANULARITY_UNSPECIFIED -> Optional.empty();
            case GRANULARITY_ROW -> Optional.of(Granularity.ROW);
            case GRANULARITY_REQUEST -> Optional.of(Granularity.REQUEST);
            case UNRECOGNIZED -> Optional.of(cache.getGranularityValue());
          };
      case ROLLBACK_RETENTION ->
          given(settings.hasRollbackRetention(), duration(settings.getRollbackRetention()));
    };
  }

  private static Optional<Object> given(boolean is, Object value) {
    return is ? Optional.of(value) : Optional.empty();
  }

  /** Returns the duration, or the message itself, which no setting takes, when it is none. */
  private static Object duration(Duration message) {
    boolean fits =
        Math.abs(message.getSeconds()) <= MAX_DURATION_SECONDS
            && Math.abs((long) message.getNanos()) < 1_000_000_000
            && (long) Long.signum(message.getSeconds()) * Integer.signum(message.getNanos()) >= 0;
    return fits ? java.time.Duration.ofSeconds(message.getSeconds(), message.getNanos()) : message;
  }

  /** Writes what a model has of its own. */
  static ServingSettings write(ModelSettings own) {
    ServingSettings.Builder settings = ServingSettings.newBuilder();
    own.values().forEach((setting, value) -> set(settings, setting, value));
    return settings.build();
  }

  private static void set(ServingSettings.Builder settings, ServingSetting setting, Object value) {
    switch (setting) {
      case MAX_QUEUED -> settings.getAdmissionBuilder().setMaxQueued(((Long) value).intValue());
      case MAX_RUNNING -> settings.getAdmissionBuilder().setMaxRunning(((Long) value).intValue());
      case BATCHING -> settings.getBatchingBuilder().setEnabled((Boolean) value);
      case MAX_BATCH_ROWS -> settings.getBatchingBuilder().setMaxRows(((Long) value).intValue());
      case MAX_DELAY -> settings.getBatchingBuilder().setMaxDelay(message(value));
      case CACHED -> settings.getCacheBuilder().setEnabled((Boolean) value);
      case MAX_CACHE_BYTES -> settings.getCacheBuilder().setMaxBytes((Long) value);
      case TIME_TO_LIVE -> settings.getCacheBuilder().setTimeToLive(message(value));
      case GRANULARITY ->
          settings
              .getCacheBuilder()
              .setGranularity(
                  value == Granularity.ROW
                      ? CacheSettings.Granularity.GRANULARITY_ROW
                      : CacheSettings.Granularity.GRANULARITY_REQUEST);
      case ROLLBACK_RETENTION -> settings.setRollbackRetention(message(value));
    }
  }

  private static Duration message(Object value) {
    return ServingProtos.duration((java.time.Duration) value);
  }

  /** Writes how a model is run: its own settings, and the server's where it has none. */
  static ServingSettings inForce(String model, SettingsInForce inForce) {
    ModelSettings own = inForce.ofModel(model);
    QueueLimits limits = inForce.limits(model);
    ServingSettings.Builder settings = write(own).toBuilder();
    settings
        .getAdmissionBuilder()
        .setMaxQueued(limits.maxQueued())
        .setMaxRunning(limits.maxRunning());
    settings
        .getBatchingBuilder()
        .setEnabled(limits.maxBatchRows() > 1)
        .setMaxRows(limits.maxBatchRows())
        .setMaxDelay(message(limits.maxDelay()));
    settings.getCacheBuilder().setEnabled(inForce.cache(model).isPresent());
    inForce
        .cache(model)
        .ifPresent(
            policy ->
                settings
                    .getCacheBuilder()
                    .setGranularity(
                        policy.byRow()
                            ? CacheSettings.Granularity.GRANULARITY_ROW
                            : CacheSettings.Granularity.GRANULARITY_REQUEST));
    return settings.setRollbackRetention(message(inForce.rollbackRetention(model))).build();
  }
}

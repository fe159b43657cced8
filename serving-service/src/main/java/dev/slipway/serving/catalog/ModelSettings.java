package dev.slipway.serving.catalog;

import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * The settings that a model has of its own, in place of the server's.
 *
 * @param values by setting; those that are not there are the server's
 */
public record ModelSettings(Map<ServingSetting, Object> values) {
  /** No setting of its own. */
  public static final ModelSettings NONE = new ModelSettings(Map.of());

  /**
   * Copies the map and checks the values.
   *
   * @throws IllegalArgumentException if a value may not be set
   */
  public ModelSettings {
    Map<ServingSetting, Object> checked = new EnumMap<>(ServingSetting.class);
    values.forEach((setting, value) -> checked.put(setting, setting.check(value)));
    values = Collections.unmodifiableMap(checked);
  }

  /** Returns a value; absent when it is the server's. */
  public Optional<Object> find(ServingSetting setting) {
    return Optional.ofNullable(values.get(setting));
  }

  /** Returns a whole number, or the server's. */
  public long number(ServingSetting setting, long ofServer) {
    return (Long) values.getOrDefault(setting, ofServer);
  }

  /** Returns a switch, or the server's. */
  public boolean flag(ServingSetting setting, boolean ofServer) {
    return (Boolean) values.getOrDefault(setting, ofServer);
  }

  /** Returns a time, or the server's. */
  public Duration time(ServingSetting setting, Duration ofServer) {
    return (Duration) values.getOrDefault(setting, ofServer);
  }
}

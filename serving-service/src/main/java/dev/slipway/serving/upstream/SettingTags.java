package dev.slipway.serving.upstream;

import dev.slipway.serving.catalog.ModelSettings;
import dev.slipway.serving.catalog.ServingSetting;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model's settings as tags of the registered model, one each: {@code
 * slipway.serving.admission.max_queued} = {@code 100}. An empty value is as none.
 */
final class SettingTags {
  private static final Logger log = LoggerFactory.getLogger(SettingTags.class);

  private static final String PREFIX = "slipway.serving.";

  private SettingTags() {}

  /** Reads a model's settings; a value that may not be set, put there by hand, is passed over. */
  static ModelSettings read(String model, Map<String, String> tags) {
    Map<ServingSetting, Object> values = new EnumMap<>(ServingSetting.class);
    for (ServingSetting setting : ServingSetting.values()) {
      String text = tags.getOrDefault(PREFIX + setting.path(), "");
      if (!text.isEmpty()) {
        try {
          values.put(setting, setting.read(text));
        } catch (IllegalArgumentException e) {
          log.warn(
              "model {} has the tag {}{} = {}, which is passed over: it {}",
              model,
              PREFIX,
              setting.path(),
              text,
              e.getMessage());
        }
      }
    }
    return values.isEmpty() ? ModelSettings.NONE : new ModelSettings(values);
  }

  /** Writes the settings of a model that has no others. */
  static Map<String, String> write(ModelSettings settings) {
    Map<String, String> tags = new HashMap<>();
    settings.values().forEach((setting, value) -> tags.put(tag(setting), write(value)));
    return tags;
  }

  static String tag(ServingSetting setting) {
    return PREFIX + setting.path();
  }

  static String write(Object value) {
    return ServingSetting.write(value);
  }
}

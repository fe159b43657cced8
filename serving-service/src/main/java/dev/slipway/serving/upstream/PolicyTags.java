package dev.slipway.serving.upstream;

import dev.slipway.serving.catalog.ModelSettings;
import dev.slipway.serving.catalog.ServingPolicy;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.TrafficRule;
import java.util.HashMap;
import java.util.Map;

/** How a model is served, as tags of the registered model. */
final class PolicyTags {
  private PolicyTags() {}

  /** Reads a model's tags; those that are wrong, put there by hand, are passed over. */
  static ServingPolicy read(String model, Map<String, String> tags) {
    ModelSettings settings = SettingTags.read(model, tags);
    Map<Stage, TrafficRule> rules = TrafficRuleTags.read(model, tags);
    return settings.values().isEmpty() && rules.isEmpty()
        ? ServingPolicy.NONE
        : new ServingPolicy(settings, rules);
  }

  /** Writes them so that {@link #read} reads the same again. */
  static Map<String, String> write(ServingPolicy policy) {
    Map<String, String> tags = new HashMap<>(SettingTags.write(policy.settings()));
    policy
        .rules()
        .forEach(
            (stage, rule) -> tags.put(TrafficRuleTags.tag(stage), TrafficRuleTags.write(rule)));
    return tags;
  }
}

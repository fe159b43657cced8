package dev.slipway.serving.catalog;

import java.util.Map;

/**
 * How the registry says that a model is served.
 *
 * @param settings how its versions are run
 * @param rules where requests for its stages go besides
 */
public record ServingPolicy(ModelSettings settings, Map<Stage, TrafficRule> rules) {
  /** As the server does by itself. */
  public static final ServingPolicy NONE = new ServingPolicy(ModelSettings.NONE, Map.of());

  /** Copies the map. */
  public ServingPolicy {
    rules = Map.copyOf(rules);
  }
}

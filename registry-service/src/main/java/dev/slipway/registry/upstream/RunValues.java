package dev.slipway.registry.upstream;

import java.util.Map;

/**
 * Is what a run has logged, as far as it was asked for.
 *
 * @param metrics latest values
 */
public record RunValues(
    String experimentId,
    Map<String, Double> metrics,
    Map<String, String> params,
    Map<String, String> tags) {
  /** Copies the maps. */
  public RunValues {
    metrics = Map.copyOf(metrics);
    params = Map.copyOf(params);
    tags = Map.copyOf(tags);
  }
}

package dev.slipway.gateway.inference;

import java.util.Map;

/**
 * Says which outputs come back as bytes rather than as JSON.
 *
 * @param byDefault what holds for outputs about which nothing is said
 * @param byName what holds for single outputs
 */
record BinaryOutputs(boolean byDefault, Map<String, Boolean> byName) {
  /** Copies the map. */
  BinaryOutputs {
    byName = Map.copyOf(byName);
  }

  boolean contains(String output) {
    return byName.getOrDefault(output, byDefault);
  }
}

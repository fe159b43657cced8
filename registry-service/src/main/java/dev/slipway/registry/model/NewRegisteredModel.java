package dev.slipway.registry.model;

import java.util.Map;

/** Is a model that a caller wants to create. */
public record NewRegisteredModel(
    ModelName name, String description, String deploymentJobId, Map<String, String> tags) {
  /** Copies the map. */
  public NewRegisteredModel {
    tags = Map.copyOf(tags);
  }
}

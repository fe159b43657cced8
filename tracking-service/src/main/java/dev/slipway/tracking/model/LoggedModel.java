package dev.slipway.tracking.model;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import java.util.List;

/**
 * Is a logged model with what was logged to it.
 *
 * @param params in order of key
 * @param tags in order of key
 * @param metrics latest points in order of (key, dataset name, dataset digest, run)
 */
public record LoggedModel(
    LoggedModelInfo info, List<Param> params, List<Tag> tags, List<ModelMetric> metrics) {
  /** Copies the lists. */
  public LoggedModel {
    params = List.copyOf(params);
    tags = List.copyOf(tags);
    metrics = List.copyOf(metrics);
  }

  /** Returns the versions registered from this model, as far as its tags tell. */
  public List<Registration> registrations() {
    return tags.stream()
        .filter(tag -> tag.key().equals(Registration.TAG))
        .findFirst()
        .map(tag -> Registration.parse(tag.value()))
        .orElse(List.of());
  }
}

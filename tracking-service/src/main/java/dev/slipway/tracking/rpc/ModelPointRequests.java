package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.Violations;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.model.LoggedModelId;
import dev.slipway.tracking.model.ModelPoint;
import dev.slipway.tracking.v1.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads which points are recorded on logged models too. */
final class ModelPointRequests {
  private ModelPointRequests() {}

  /**
   * Returns the points that name a model.
   *
   * @param points the points of the messages, in their order
   */
  static List<ModelPoint> modelPoints(
      String field, List<Metric> messages, MetricBatch points, Violations violations) {
    List<ModelPoint> modelPoints = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      Metric message = messages.get(i);
      if (message.getModelId().isEmpty()) {
        continue;
      }
      String path = field + "[" + i + "].";
      Optional<LoggedModelId> model =
          LoggedModelRequests.id(path + "model_id", message.getModelId(), violations);
      String name = message.getDatasetName();
      String digest = message.getDatasetDigest();
      DatasetRequests.name(path + "dataset_name", name, violations);
      DatasetRequests.digest(path + "dataset_digest", digest, violations);
      if (name.isEmpty() && !digest.isEmpty()) {
        violations.add(path + "dataset_name", "is required with a dataset_digest");
      }
      if (model.isPresent()) {
        modelPoints.add(
            new ModelPoint(model.get(), message.getKey(), name, digest, points.point(i)));
      }
    }
    return modelPoints;
  }
}

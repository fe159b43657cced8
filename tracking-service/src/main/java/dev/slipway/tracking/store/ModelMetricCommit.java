package dev.slipway.tracking.store;

import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.model.LoggedModelId;
import dev.slipway.tracking.model.LoggedModelInfo;
import dev.slipway.tracking.model.LoggedModelNotFoundException;
import dev.slipway.tracking.model.ModelPoint;
import dev.slipway.tracking.run.RunId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Is the part of a {@link GroupCommit} that records points on logged models. The models' rows are
 * locked, after those of runs, so that commits of several processes follow each other. Nothing is
 * asked of the database when no write names a model.
 */
final class ModelMetricCommit {
  private record Place(
      LoggedModelId model, int nameId, String datasetName, String datasetDigest, RunId run) {}

  private final LoggedModelDao dao;
  private final Map<String, Integer> nameIds;
  private final Map<LoggedModelId, LoggedModelInfo> models = new HashMap<>();
  private final Map<Place, MetricPoint> latest = new HashMap<>();

  ModelMetricCommit(Handle handle, Map<String, Integer> nameIds) {
    this.dao = handle.attach(LoggedModelDao.class);
    this.nameIds = nameIds;
  }

  void lockModels(List<RunWrite> writes) {
    UUID[] ids =
        writes.stream()
            .flatMap(write -> write.modelPoints().stream())
            .map(point -> point.model().uuid())
            .distinct()
            .toArray(UUID[]::new);
    if (ids.length > 0) {
      dao.lockAll(ids).forEach(model -> models.put(model.id(), model));
    }
  }

  /**
   * Does nothing when every model that a write names takes points.
   *
   * @throws LoggedModelNotFoundException if one does not exist or is deleted
   */
  void requireModels(RunWrite write) {
    for (ModelPoint point : write.modelPoints()) {
      LoggedModelInfo model = models.get(point.model());
      if (model == null) {
        throw LoggedModelNotFoundException.absent(point.model());
      }
      model.requireActive();
    }
  }

  void accept(RunWrite write) {
    for (ModelPoint point : write.modelPoints()) {
      Place place =
          new Place(
              point.model(),
              nameIds.get(point.key()),
              point.datasetName(),
              point.datasetDigest(),
              write.run());
      latest.merge(place, point.point().withoutNegativeZero(), MetricPoint::max);
    }
  }

  void flush() {
    if (latest.isEmpty()) {
      return;
    }
    List<Map.Entry<Place, MetricPoint>> entries = new ArrayList<>(latest.entrySet());
    int n = entries.size();
    UUID[] modelIds = new UUID[n];
    Integer[] names = new Integer[n];
    String[] datasets = new String[n];
    String[] digests = new String[n];
    UUID[] runs = new UUID[n];
    Long[] steps = new Long[n];
    Long[] timestamps = new Long[n];
    Double[] values = new Double[n];
    for (int i = 0; i < n; i++) {
      Place place = entries.get(i).getKey();
      MetricPoint point = entries.get(i).getValue();
      modelIds[i] = place.model().uuid();
      names[i] = place.nameId();
      datasets[i] = place.datasetName();
      digests[i] = place.datasetDigest();
      runs[i] = place.run().uuid();
      steps[i] = point.step();
      timestamps[i] = point.timestampMillis();
      values[i] = point.value();
    }
    dao.mergeMetrics(modelIds, names, datasets, digests, runs, steps, timestamps, values);
  }
}

package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.tracking.v1.MetricColumns;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Is a point of a metric of a run. */
record MetricPoint(String runId, double value, long timestampMillis, long step) {

  /** Returns points as the service orders them: by (step, timestamp, value). */
  static List<MetricPoint> byStep(String runId, MetricColumns columns) {
    List<MetricPoint> points = new ArrayList<>(columns.getValueCount());
    for (int i = 0; i < columns.getValueCount(); i++) {
      points.add(
          new MetricPoint(
              runId, columns.getValue(i), columns.getTimestampMs(i), columns.getStep(i)));
    }
    return points;
  }

  /** Returns points as MLflow orders them, by (timestamp, step, value): the sort is stable. */
  static List<MetricPoint> byTime(String runId, MetricColumns columns) {
    List<MetricPoint> points = byStep(runId, columns);
    points.sort(Comparator.comparingLong(MetricPoint::timestampMillis));
    return points;
  }

  /** Writes the point without its run. */
  void writeTo(JsonGenerator json, String key) throws IOException {
    json.writeStartObject();
    TrackingJson.pointFields(json, key, value, timestampMillis, step);
    json.writeEndObject();
  }

  /** Writes the point with its run. */
  void writeWithRunTo(JsonGenerator json, String key) throws IOException {
    json.writeStartObject();
    TrackingJson.pointFields(json, key, value, timestampMillis, step);
    json.writeStringField("run_id", runId);
    json.writeEndObject();
  }
}

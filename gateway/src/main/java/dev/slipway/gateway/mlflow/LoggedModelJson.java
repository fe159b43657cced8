package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.tracking.v1.LoggedModel;
import dev.slipway.tracking.v1.LoggedModelData;
import dev.slipway.tracking.v1.LoggedModelInfo;
import dev.slipway.tracking.v1.LoggedModelRegistration;
import dev.slipway.tracking.v1.Metric;
import java.io.IOException;

/** Writes logged models as MLflow's JSON, each method one object. */
final class LoggedModelJson {
  /** What MLflow's names of the statuses begin with. */
  static final String STATUS = "LOGGED_MODEL_";

  /** What the service's names of the statuses begin with. */
  static final String SERVICE_STATUS = "LOGGED_MODEL_STATUS_";

  private LoggedModelJson() {}

  static void model(JsonGenerator json, LoggedModel model) throws IOException {
    json.writeStartObject();
    json.writeFieldName("info");
    info(json, model.getInfo());
    json.writeFieldName("data");
    data(json, model.getData());
    json.writeEndObject();
  }

  private static void info(JsonGenerator json, LoggedModelInfo info) throws IOException {
    json.writeStartObject();
    json.writeStringField("model_id", info.getModelId());
    json.writeStringField("experiment_id", info.getExperimentId());
    json.writeStringField("name", info.getName());
    JsonWriter.millis(json, "creation_timestamp_ms", info.getCreateTime());
    JsonWriter.millis(json, "last_updated_timestamp_ms", info.getUpdateTime());
    json.writeStringField("artifact_uri", info.getArtifactUri());
    json.writeStringField(
        "status", STATUS + info.getStatus().name().substring(SERVICE_STATUS.length()));
    JsonWriter.optionalText(json, "model_type", info.getModelType());
    JsonWriter.optionalText(json, "source_run_id", info.getSourceRunId());
    JsonWriter.optionalText(json, "status_message", info.getStatusMessage());
    JsonWriter.list(json, "tags", info.getTagsList(), TrackingJson::tag);
    JsonWriter.list(
        json, "registrations", info.getRegistrationsList(), LoggedModelJson::registration);
    json.writeEndObject();
  }

  private static void registration(JsonGenerator json, LoggedModelRegistration registration)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("name", registration.getName());
    json.writeStringField("version", Long.toString(registration.getVersion()));
    json.writeEndObject();
  }

  private static void data(JsonGenerator json, LoggedModelData data) throws IOException {
    json.writeStartObject();
    JsonWriter.list(json, "params", data.getParamsList(), TrackingJson::param);
    JsonWriter.list(json, "metrics", data.getMetricsList(), LoggedModelJson::metric);
    json.writeEndObject();
  }

  private static void metric(JsonGenerator json, Metric metric) throws IOException {
    json.writeStartObject();
    TrackingJson.pointFields(
        json, metric.getKey(), metric.getValue(), metric.getTimestampMs(), metric.getStep());
    JsonWriter.optionalText(json, "dataset_name", metric.getDatasetName());
    JsonWriter.optionalText(json, "dataset_digest", metric.getDatasetDigest());
    JsonWriter.optionalText(json, "model_id", metric.getModelId());
    JsonWriter.optionalText(json, "run_id", metric.getRunId());
    json.writeEndObject();
  }
}

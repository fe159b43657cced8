package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.tracking.v1.Dataset;
import dev.slipway.tracking.v1.DatasetInput;
import dev.slipway.tracking.v1.Experiment;
import dev.slipway.tracking.v1.LifecycleStage;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.ModelInput;
import dev.slipway.tracking.v1.ModelOutput;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunData;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.Tag;
import java.io.IOException;

/** Writes experiments and runs as MLflow's JSON, each method one object. */
final class TrackingJson {
  private static final String STATUS_PREFIX = "RUN_STATUS_";

  private TrackingJson() {}

  static void experiment(JsonGenerator json, Experiment experiment) throws IOException {
    json.writeStartObject();
    json.writeStringField("experiment_id", experiment.getExperimentId());
    json.writeStringField("name", experiment.getName());
    json.writeStringField("artifact_location", experiment.getArtifactLocation());
    json.writeStringField("lifecycle_stage", stage(experiment.getLifecycleStage()));
    JsonWriter.millis(json, "creation_time", experiment.getCreateTime());
    JsonWriter.millis(json, "last_update_time", experiment.getUpdateTime());
    JsonWriter.list(json, "tags", experiment.getTagsList(), TrackingJson::tag);
    json.writeEndObject();
  }

  static void run(JsonGenerator json, Run run) throws IOException {
    json.writeStartObject();
    json.writeFieldName("info");
    runInfo(json, run.getInfo());
    json.writeFieldName("data");
    runData(json, run.getData());
    json.writeObjectFieldStart("inputs");
    JsonWriter.list(
        json, "dataset_inputs", run.getInputs().getDatasetInputsList(), TrackingJson::datasetInput);
    JsonWriter.list(
        json, "model_inputs", run.getInputs().getModelInputsList(), TrackingJson::modelInput);
    json.writeEndObject();
    json.writeObjectFieldStart("outputs");
    JsonWriter.list(
        json, "model_outputs", run.getOutputs().getModelOutputsList(), TrackingJson::modelOutput);
    json.writeEndObject();
    json.writeEndObject();
  }

  static void runInfo(JsonGenerator json, RunInfo info) throws IOException {
    json.writeStartObject();
    json.writeStringField("run_id", info.getRunId());
    json.writeStringField("run_uuid", info.getRunId());
    json.writeStringField("run_name", info.getRunName());
    json.writeStringField("experiment_id", info.getExperimentId());
    json.writeStringField("user_id", info.getUserId());
    json.writeStringField("status", info.getStatus().name().substring(STATUS_PREFIX.length()));
    JsonWriter.millis(json, "start_time", info.getStartTime());
    if (info.hasEndTime()) {
      JsonWriter.millis(json, "end_time", info.getEndTime());
    }
    json.writeStringField("artifact_uri", info.getArtifactUri());
    json.writeStringField("lifecycle_stage", stage(info.getLifecycleStage()));
    json.writeEndObject();
  }

  private static void runData(JsonGenerator json, RunData data) throws IOException {
    json.writeStartObject();
    JsonWriter.list(json, "metrics", data.getMetricsList(), TrackingJson::metric);
    JsonWriter.list(json, "params", data.getParamsList(), TrackingJson::param);
    JsonWriter.list(json, "tags", data.getTagsList(), TrackingJson::tag);
    json.writeEndObject();
  }

  private static void metric(JsonGenerator json, Metric metric) throws IOException {
    json.writeStartObject();
    pointFields(
        json, metric.getKey(), metric.getValue(), metric.getTimestampMs(), metric.getStep());
    json.writeEndObject();
  }

  /** Writes what every point of a metric has into the object that is open. */
  static void pointFields(
      JsonGenerator json, String key, double value, long timestampMillis, long step)
      throws IOException {
    json.writeStringField("key", key);
    JsonWriter.number(json, "value", value);
    json.writeNumberField("timestamp", timestampMillis);
    json.writeNumberField("step", step);
  }

  static void param(JsonGenerator json, Param param) throws IOException {
    JsonWriter.pair(json, param.getKey(), param.getValue());
  }

  static void tag(JsonGenerator json, Tag tag) throws IOException {
    JsonWriter.pair(json, tag.getKey(), tag.getValue());
  }

  private static void datasetInput(JsonGenerator json, DatasetInput input) throws IOException {
    json.writeStartObject();
    JsonWriter.list(json, "tags", input.getTagsList(), TrackingJson::tag);
    Dataset dataset = input.getDataset();
    json.writeObjectFieldStart("dataset");
    json.writeStringField("name", dataset.getName());
    json.writeStringField("digest", dataset.getDigest());
    json.writeStringField("source_type", dataset.getSourceType());
    json.writeStringField("source", dataset.getSource());
    JsonWriter.optionalText(json, "schema", dataset.getSchema());
    JsonWriter.optionalText(json, "profile", dataset.getProfile());
    json.writeEndObject();
    json.writeEndObject();
  }

  private static void modelInput(JsonGenerator json, ModelInput input) throws IOException {
    json.writeStartObject();
    json.writeStringField("model_id", input.getModelId());
    json.writeEndObject();
  }

  private static void modelOutput(JsonGenerator json, ModelOutput output) throws IOException {
    json.writeStartObject();
    json.writeStringField("model_id", output.getModelId());
    json.writeNumberField("step", output.getStep());
    json.writeEndObject();
  }

  private static String stage(LifecycleStage stage) {
    return stage == LifecycleStage.LIFECYCLE_STAGE_DELETED ? "deleted" : "active";
  }
}

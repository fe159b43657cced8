package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.registry.v1.ModelAlias;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.ModelVersionState;
import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.Stage;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Writes registered models and their versions as MLflow's JSON, each method one object. */
final class RegistryJson {
  private RegistryJson() {}

  /**
   * Writes a model.
   *
   * @param latestVersions the version with the highest number in each stage
   */
  static void model(JsonGenerator json, RegisteredModel model, List<ModelVersion> latestVersions)
      throws IOException {
    json.writeStartObject();
    json.writeStringField("name", model.getName());
    JsonWriter.millis(json, "creation_timestamp", model.getCreateTime());
    JsonWriter.millis(json, "last_updated_timestamp", model.getUpdateTime());
    json.writeStringField("user_id", model.getCreatedBy());
    json.writeStringField("description", model.getDescription());
    JsonWriter.list(json, "latest_versions", latestVersions, RegistryJson::version);
    tags(json, model.getTagsMap());
    JsonWriter.list(json, "aliases", model.getAliasesList(), RegistryJson::alias);
    JsonWriter.optionalText(json, "deployment_job_id", model.getDeploymentJobId());
    json.writeEndObject();
  }

  private static void alias(JsonGenerator json, ModelAlias alias) throws IOException {
    json.writeStartObject();
    json.writeStringField("alias", alias.getAlias());
    json.writeStringField("version", Long.toString(alias.getVersion()));
    json.writeEndObject();
  }

  static void version(JsonGenerator json, ModelVersion version) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", version.getName());
    json.writeStringField("version", Long.toString(version.getVersion()));
    JsonWriter.millis(json, "creation_timestamp", version.getCreateTime());
    JsonWriter.millis(json, "last_updated_timestamp", version.getUpdateTime());
    json.writeStringField("user_id", version.getCreatedBy());
    json.writeStringField("current_stage", stage(version.getStage()));
    json.writeStringField("description", version.getDescription());
    json.writeStringField("source", version.getSource());
    json.writeStringField("run_id", version.getRunId());
    json.writeStringField("status", status(version.getState()));
    JsonWriter.optionalText(json, "status_message", version.getStateReason());
    tags(json, version.getTagsMap());
    json.writeStringField("run_link", version.getRunLink());
    JsonWriter.list(json, "aliases", version.getAliasesList(), JsonGenerator::writeString);
    JsonWriter.optionalText(json, "model_id", version.getLoggedModelId());
    json.writeEndObject();
  }

  private static void tags(JsonGenerator json, Map<String, String> tags) throws IOException {
    JsonWriter.list(
        json,
        "tags",
        List.copyOf(new TreeMap<>(tags).entrySet()),
        (generator, tag) -> JsonWriter.pair(generator, tag.getKey(), tag.getValue()));
  }

  private static String stage(Stage stage) {
    return switch (stage) {
      case STAGE_STAGING -> "Staging";
      case STAGE_PRODUCTION -> "Production";
      case STAGE_ARCHIVED -> "Archived";
      case STAGE_NONE, STAGE_UNSPECIFIED, UNRECOGNIZED -> "None";
    };
  }

  private static String status(ModelVersionState state) {
    return switch (state) {
      case MODEL_VERSION_STATE_READY -> "READY";
      case MODEL_VERSION_STATE_FAILED -> "FAILED_REGISTRATION";
      case MODEL_VERSION_STATE_PENDING, MODEL_VERSION_STATE_UNSPECIFIED, UNRECOGNIZED ->
          "PENDING_REGISTRATION";
    };
  }
}

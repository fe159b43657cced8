package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.tracking.v1.Dataset;
import dev.slipway.tracking.v1.DatasetInput;
import dev.slipway.tracking.v1.DatasetSummary;
import dev.slipway.tracking.v1.LogInputsRequest;
import dev.slipway.tracking.v1.LogOutputsRequest;
import dev.slipway.tracking.v1.ModelInput;
import dev.slipway.tracking.v1.ModelOutput;
import dev.slipway.tracking.v1.SearchDatasetsRequest;
import java.io.IOException;
import java.util.List;

/** Answers what is asked about the inputs and outputs of runs. Thread-safe. */
final class RunInputEndpoints implements MlflowFamily {
  private final Services services;

  RunInputEndpoints(Services services) {
    this.services = services;
  }

  @Override
  public List<MlflowRoute> routes() {
    return List.of(
        MlflowRoute.post("runs/log-inputs", this::logInputs),
        MlflowRoute.post("runs/outputs", this::logOutputs),
        MlflowRoute.post("experiments/search-datasets", this::searchDatasets).forBrowsers());
  }

  private Answer logInputs(Fields request) {
    LogInputsRequest.Builder call = LogInputsRequest.newBuilder().setRunId(Entries.runId(request));
    for (Fields input : request.objects("datasets")) {
      call.addDatasets(
          DatasetInput.newBuilder()
              .setDataset(dataset(input.requiredObject("dataset")))
              .addAllTags(Entries.tags(input)));
    }
    for (Fields model : request.objects("models")) {
      call.addModels(ModelInput.newBuilder().setModelId(model.text("model_id")));
    }
    services.tracking().logInputs(call.build());
    return Answer.EMPTY;
  }

  private static Dataset dataset(Fields fields) {
    return Dataset.newBuilder()
        .setName(fields.text("name"))
        .setDigest(fields.text("digest"))
        .setSourceType(fields.text("source_type"))
        .setSource(fields.text("source"))
        .setSchema(fields.text("schema"))
        .setProfile(fields.text("profile"))
        .build();
  }

  private Answer logOutputs(Fields request) {
    LogOutputsRequest.Builder call =
        LogOutputsRequest.newBuilder().setRunId(Entries.runId(request));
    for (Fields model : request.objects("models")) {
      call.addModels(
          ModelOutput.newBuilder()
              .setModelId(model.text("model_id"))
              .setStep(model.findLong("step").orElse(0)));
    }
    services.tracking().logOutputs(call.build());
    return Answer.EMPTY;
  }

  private Answer searchDatasets(Fields request) {
    List<DatasetSummary> datasets =
        services
            .tracking()
            .searchDatasets(
                SearchDatasetsRequest.newBuilder()
                    .addAllExperimentIds(request.texts("experiment_ids"))
                    .build())
            .getDatasetsList();
    return json -> JsonWriter.list(json, "dataset_summaries", datasets, RunInputEndpoints::summary);
  }

  private static void summary(JsonGenerator json, DatasetSummary dataset) throws IOException {
    json.writeStartObject();
    json.writeStringField("experiment_id", dataset.getExperimentId());
    json.writeStringField("name", dataset.getName());
    json.writeStringField("digest", dataset.getDigest());
    JsonWriter.optionalText(json, "context", dataset.getContext());
    json.writeEndObject();
  }
}

package dev.slipway.tracking.rpc;

import dev.slipway.tracking.dataset.Dataset;
import dev.slipway.tracking.dataset.DatasetInput;
import dev.slipway.tracking.dataset.DatasetSummary;
import dev.slipway.tracking.run.RunLineage;
import dev.slipway.tracking.v1.ModelInput;
import dev.slipway.tracking.v1.ModelOutput;
import dev.slipway.tracking.v1.RunInputs;
import dev.slipway.tracking.v1.RunOutputs;

/** Turns what runs read and produced into messages. */
final class LineageProtos {
  private LineageProtos() {}

  static RunInputs inputs(RunLineage lineage) {
    RunInputs.Builder inputs = RunInputs.newBuilder();
    lineage.datasets().forEach(input -> inputs.addDatasetInputs(datasetInput(input)));
    lineage
        .modelInputs()
        .forEach(
            model -> inputs.addModelInputs(ModelInput.newBuilder().setModelId(model.toString())));
    return inputs.build();
  }

  static RunOutputs outputs(RunLineage lineage) {
    RunOutputs.Builder outputs = RunOutputs.newBuilder();
    lineage
        .modelOutputs()
        .forEach(
            output ->
                outputs.addModelOutputs(
                    ModelOutput.newBuilder()
                        .setModelId(output.model().toString())
                        .setStep(output.step())));
    return outputs.build();
  }

  private static dev.slipway.tracking.v1.DatasetInput datasetInput(DatasetInput input) {
    Dataset dataset = input.dataset();
    var message =
        dev.slipway.tracking.v1.DatasetInput.newBuilder()
            .setDataset(
                dev.slipway.tracking.v1.Dataset.newBuilder()
                    .setName(dataset.name())
                    .setDigest(dataset.digest())
                    .setSourceType(dataset.sourceType())
                    .setSource(dataset.source())
                    .setSchema(dataset.schema())
                    .setProfile(dataset.profile())
                    .setDetailsOmitted(input.detailsOmitted()));
    input.tags().forEach(tag -> message.addTags(TrackingProtos.tag(tag)));
    return message.build();
  }

  static dev.slipway.tracking.v1.DatasetSummary summary(DatasetSummary summary) {
    return dev.slipway.tracking.v1.DatasetSummary.newBuilder()
        .setExperimentId(summary.experimentId().toString())
        .setName(summary.name())
        .setDigest(summary.digest())
        .setContext(summary.context())
        .build();
  }
}

package dev.slipway.cli.pipeline;

import dev.slipway.client.SlipwayClient;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.pipeline.PipelineDefinition;
import dev.slipway.engine.pipeline.PipelineJoin;
import dev.slipway.engine.pipeline.PipelineProblems;
import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.engine.pipeline.StepVersion;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import dev.slipway.registry.v1.GetModelVersionRequest;
import dev.slipway.registry.v1.ModelVersion;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;

/** Tells everything that is wrong with the package of a pipeline. */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description = {
      "Tells everything that is wrong with the package of a pipeline before it is registered: steps"
          + " that are not in the registry or have another digest, circles, names, datatypes and"
          + " shapes that do not join, golden requests that do not fit. Runs nothing.",
      "",
      "  slipway pipeline check fraud"
    })
final class CheckCommand extends PipelineCall {
  @Override
  PipelineDefinition run(SlipwayClient client, KnownVersions known) {
    ModelPackage modelPackage = ModelPackage.read(folder());
    PipelineDefinition pipeline =
        PipelineDefinition.find(modelPackage.mlmodel())
            .orElseThrow(
                () ->
                    new ModelPackageException(
                        folder()
                            + " is no pipeline: its flavors are "
                            + modelPackage.mlmodel().flavors().keySet()));
    PipelineProblems problems = new PipelineProblems();
    Map<String, StepVersion> versions = new HashMap<>();
    for (int i = 0; i < pipeline.steps().size(); i++) {
      PipelineStep step = pipeline.steps().get(i);
      String place = PipelineProblems.place(i);
      find(client, step, place, problems)
          .flatMap(version -> known.find(version, place, problems))
          .ifPresent(version -> versions.put(step.name(), version));
    }
    problems.throwIfAny();
    PipelineJoin join = PipelineJoin.of(pipeline, versions, modelPackage.signature());
    modelPackage.goldenRequests().cases().forEach(golden -> check(golden, join, problems));
    problems.throwIfAny();
    return pipeline;
  }

  private static Optional<ModelVersion> find(
      SlipwayClient client, PipelineStep step, String place, PipelineProblems problems) {
    try {
      ModelVersion version =
          client
              .registry()
              .getModelVersion(
                  GetModelVersionRequest.newBuilder()
                      .setName(step.model())
                      .setVersion(step.version())
                      .build());
      if (!step.digest().orElse(version.getPackageDigest()).equals(version.getPackageDigest())) {
        problems.add(
            place + ".digest",
            "is not that of " + step.uri() + ", whose package is " + version.getPackageDigest());
      }
      return Optional.of(version);
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Status.Code.NOT_FOUND) {
        throw e;
      }
      problems.add(place + ".model", "is " + step.uri() + ": " + e.getStatus().getDescription());
      return Optional.empty();
    }
  }

  private static void check(GoldenCase golden, PipelineJoin join, PipelineProblems problems) {
    String place = "golden request \"" + golden.name() + "\": ";
    try {
      var unused = join.checks().check(golden.inputs());
    } catch (InvalidInputException e) {
      e.violations()
          .forEach(violation -> problems.add(place + violation.field(), violation.description()));
    }
    List<String> outputs = join.outputs().stream().map(TensorMetadata::name).toList();
    for (Tensor expected : golden.outputs()) {
      if (!outputs.contains(expected.name())) {
        problems.add(place + "outputs." + expected.name(), "is none of " + outputs);
      }
    }
  }
}

package dev.slipway.cli.pipeline;

import dev.slipway.client.SlipwayClient;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.pipeline.PipelineDefinition;
import dev.slipway.engine.pipeline.PipelineDraft;
import dev.slipway.engine.pipeline.PipelineProblems;
import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.engine.pipeline.StepVersion;
import dev.slipway.engine.pipeline.TensorSource;
import dev.slipway.registry.v1.ModelVersion;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

/** Writes the package of a pipeline. */
@Command(
    name = "new",
    mixinStandardHelpOptions = true,
    description = {
      "Writes the package of a pipeline: joins what steps give to what others take, and derives"
          + " what the whole takes and gives. Stages and aliases are written as the numbers that"
          + " they mean now.",
      "",
      "  slipway pipeline new fraud --step embed=encoder/3 --step score=scorer@Production",
      "  slipway pipeline new fraud --step embed=encoder/3 --step score=scorer/7"
          + " --input score.embedding=embed.vector --output risk=score.predictions",
      "  slipway models register fraud ./fraud --create"
    })
final class NewCommand extends PipelineCall {
  @Mixin private final StepArguments arguments = new StepArguments();

  @Override
  PipelineDefinition run(SlipwayClient client, KnownVersions known) {
    List<String> misuse = arguments.problems();
    if (!misuse.isEmpty()) {
      throw new ParameterException(spec().commandLine(), String.join("; ", misuse));
    }
    PipelineProblems problems = new PipelineProblems();
    List<PipelineStep> steps = new ArrayList<>();
    Map<String, StepVersion> versions = new HashMap<>();
    List<ModelVersion> resolved = new ArrayList<>();
    for (StepArgument argument : arguments.steps()) {
      String place = PipelineProblems.place(arguments.steps().indexOf(argument));
      resolve(client, argument, place, problems)
          .ifPresent(
              version -> {
                resolved.add(version);
                steps.add(step(argument.name(), version));
                known
                    .find(version, place, problems)
                    .ifPresent(found -> versions.put(argument.name(), found));
              });
    }
    problems.throwIfAny();
    PipelineDraft draft = PipelineDraft.of(steps, versions, arguments.outputs());
    boolean deterministic = resolved.stream().allMatch(known::isDeterministic);
    var unused = ModelPackage.builder(draft.toMlmodel(deterministic)).writeTo(folder());
    draft
        .unsharedParams()
        .forEach(
            param ->
                spec()
                    .commandLine()
                    .getErr()
                    .println(
                        "slipway: steps declare the parameter "
                            + param
                            + " differently: each keeps to its default"));
    return draft.definition();
  }

  private static Optional<ModelVersion> resolve(
      SlipwayClient client, StepArgument argument, String place, PipelineProblems problems) {
    try {
      return Optional.of(
          client.registry().resolveVersion(argument.version().toRequest()).getModelVersion());
    } catch (StatusRuntimeException e) {
      Status.Code code = e.getStatus().getCode();
      if (code != Status.Code.NOT_FOUND && code != Status.Code.FAILED_PRECONDITION) {
        throw e;
      }
      problems.add(place + ".model", "is not there: " + e.getStatus().getDescription());
      return Optional.empty();
    }
  }

  private PipelineStep step(String name, ModelVersion version) {
    Map<String, TensorSource> said = arguments.inputsOf(name);
    return new PipelineStep(
        name,
        version.getName(),
        version.getVersion(),
        Optional.of(version.getPackageDigest()).filter(digest -> !digest.isEmpty()),
        said.isEmpty() ? Optional.empty() : Optional.of(said));
  }
}

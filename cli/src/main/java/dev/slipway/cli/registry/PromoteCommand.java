package dev.slipway.cli.registry;

import dev.slipway.cli.client.Failures;
import dev.slipway.cli.client.ModelSpec;
import dev.slipway.cli.client.StageName;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.registry.v1.TransitionStageResponse;
import dev.slipway.serving.v1.VersionSelector;
import io.grpc.StatusRuntimeException;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Moves a version into a stage. */
@Command(
    name = "promote",
    mixinStandardHelpOptions = true,
    description = {
      "Moves a version into a stage: what is in Staging to Production, unless told otherwise. The"
          + " checks of the stage are run first, and what they compared is shown.",
      "With --auto nobody needs to watch: nothing in Staging is no failure, and a stage whose"
          + " policy has no checks is refused, since nothing would vouch for the version.",
      "The exit code is 1 when the move is refused.",
      "",
      "  slipway models promote digits/3 --to staging",
      "  slipway models promote digits                     what is in Staging, to Production",
      "  slipway models promote digits --auto              the same, unattended",
      "  slipway models promote digits@champion --force --comment 'incident 42' --roles oncall"
    })
final class PromoteCommand extends RegistryCall {
  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "The version: " + ModelSpec.FORMS + ". Default version: the one in Staging.")
  private ModelSpec model;

  @Mixin private final StageMove move = new StageMove();

  @Option(
      names = "--auto",
      description = "Moves when all checks pass, and only if there are any; for unattended use.")
  private boolean auto;

  @Option(
      names = "--force",
      description = "Passes by approvals and checks; takes a role, and the audit shows it.")
  private boolean force;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    if (auto && force) {
      throw usage("--auto and --force exclude each other");
    }
    Optional<ModelVersion> candidate = candidate(registry);
    if (candidate.isEmpty()) {
      if (!isJson()) {
        out().println("No version is in " + StageName.of(from()) + ": nothing to promote.");
      }
      return;
    }
    ModelVersion version = candidate.get();
    try {
      print(registry.transitionStage(request(version)), this::tell);
    } catch (StatusRuntimeException e) {
      switch (Refusals.reason(e)) {
        case "NO_CHECKS" -> sayUnguarded(version);
        case "APPROVAL_REQUIRED" -> sayHowToAsk(version, e);
        default -> throw e;
      }
      answerNo();
    }
  }

  private void sayUnguarded(ModelVersion version) {
    err()
        .printf(
            "slipway: %s stays in %s: no check guards %s, so nothing vouches for the version;"
                + " promote it without --auto, or set checks with `slipway models policy`%n",
            ModelText.name(version), StageName.of(version.getStage()), StageName.of(move.stage()));
  }

  private void sayHowToAsk(ModelVersion version, StatusRuntimeException refusal) {
    Failures.print(err(), refusal);
    err()
        .printf(
            "  ask for it: slipway models request %s --to %s%n",
            ModelText.name(version), StageName.of(move.stage()).toLowerCase(Locale.ROOT));
  }

  @Override
  Stage checkedStage(RegistryServiceBlockingStub registry) {
    return move.stage();
  }

  /** Returns the version to move; nothing when it may be absent and is. */
  private Optional<ModelVersion> candidate(RegistryServiceBlockingStub registry) {
    try {
      return Optional.of(resolve(registry, new ModelSpec(model.model(), selector())));
    } catch (StatusRuntimeException e) {
      if (auto && Refusals.reason(e).equals("STAGE_EMPTY")) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private VersionSelector selector() {
    return model.namesVersion()
        ? model.selector()
        : VersionSelector.newBuilder().setStage(Stage.STAGE_STAGING).build();
  }

  /** Returns the stage by which the version is named, if it is. */
  private Stage from() {
    return selector().getStage();
  }

  private TransitionStageRequest request(ModelVersion version) {
    return TransitionStageRequest.newBuilder()
        .setName(version.getName())
        .setVersion(version.getVersion())
        .setStage(move.stage())
        .setArchiveExistingVersions(move.archivesExisting())
        // What was named by its stage is moved only while it is there.
        .setExpectedCurrentStage(from())
        .setForce(force)
        .setRequireChecks(auto)
        .setComment(move.comment())
        .build();
  }

  private void tell(TransitionStageResponse moved) {
    if (moved.hasCheckReport()) {
      CheckText.print(out(), moved.getCheckReport());
    }
    out()
        .printf(
            "%s is in %s.%n",
            ModelText.name(moved.getModelVersion()),
            StageName.of(moved.getModelVersion().getStage()));
    moved
        .getArchivedVersionsList()
        .forEach(archived -> out().println(ModelText.name(archived) + " went to Archived."));
  }
}

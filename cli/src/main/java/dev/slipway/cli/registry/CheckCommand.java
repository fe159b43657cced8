package dev.slipway.cli.registry;

import dev.slipway.cli.client.ModelSpec;
import dev.slipway.cli.client.StageName;
import dev.slipway.registry.v1.CheckReport;
import dev.slipway.registry.v1.CheckTransitionRequest;
import dev.slipway.registry.v1.ListCheckResultsRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.Stage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Runs the checks of a stage on a version. */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description = {
      "Runs the checks that guard a stage on a version, and moves nothing. The exit code is 1 when"
          + " not all of them pass.",
      "",
      "  slipway models check digits/3",
      "  slipway models check digits@staging --to production --json",
      "  slipway models check digits/3 --last              what was found before"
    })
final class CheckCommand extends RegistryCall {
  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "The version: " + ModelSpec.FORMS + ".")
  private ModelSpec model;

  @Option(
      names = "--to",
      paramLabel = "STAGE",
      converter = StageName.class,
      defaultValue = "production",
      description = "The stage whose checks are run. Default: ${DEFAULT-VALUE}.")
  private Stage stage;

  @Option(
      names = "--last",
      description = "Runs nothing: shows the last verdict of each check on the version.")
  private boolean last;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    requireVersion(model);
    ModelVersion version = resolve(registry, model);
    if (last) {
      registry
          .listCheckResults(
              ListCheckResultsRequest.newBuilder()
                  .setName(version.getName())
                  .setVersion(version.getVersion())
                  .build())
          .getResultsList()
          .forEach(result -> print(result, shown -> CheckText.print(out(), shown)));
      return;
    }
    CheckReport report =
        registry.checkTransition(
            CheckTransitionRequest.newBuilder()
                .setName(version.getName())
                .setVersion(version.getVersion())
                .setStage(stage)
                .build());
    print(report);
    if (!report.getPassed()) {
      answerNo();
    }
  }
}

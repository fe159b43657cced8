package dev.slipway.cli.registry;

import dev.slipway.cli.client.ModelSpec;
import dev.slipway.registry.v1.CheckOutcome;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.ReportCheckRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Reports the verdict of an outer check. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = {
      "Reports what a check outside of the registry, such as a CI job, has found about a version.",
      "",
      "  slipway models report digits/3 fairness passed --link https://ci.example/42"
    })
final class ReportCommand extends RegistryCall {
  /** Is a verdict by the name that people give it. */
  private enum Outcome {
    PASSED(CheckOutcome.CHECK_OUTCOME_PASSED),
    FAILED(CheckOutcome.CHECK_OUTCOME_FAILED),
    ERROR(CheckOutcome.CHECK_OUTCOME_ERROR);

    private final CheckOutcome message;

    Outcome(CheckOutcome message) {
      this.message = message;
    }
  }

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "The version: " + ModelSpec.FORMS + ".")
  private ModelSpec model;

  @Parameters(index = "1", paramLabel = "CHECK", description = "Name of the check.")
  private String check;

  @Parameters(index = "2", paramLabel = "OUTCOME", description = "passed, failed or error.")
  private Outcome outcome;

  @Option(
      names = "--summary",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "What was found, for people.")
  private String summary;

  @Option(
      names = "--link",
      paramLabel = "URL",
      defaultValue = "",
      description = "Where to read more.")
  private String link;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    requireVersion(model);
    ModelVersion version = resolve(registry, model);
    print(
        registry.reportCheck(
            ReportCheckRequest.newBuilder()
                .setName(version.getName())
                .setVersion(version.getVersion())
                .setCheckName(check)
                .setOutcome(outcome.message)
                .setSummary(summary)
                .setLink(link)
                .build()),
        result -> CheckText.print(out(), result));
  }
}

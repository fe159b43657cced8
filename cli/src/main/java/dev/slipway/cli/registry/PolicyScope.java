package dev.slipway.cli.registry;

import dev.slipway.cli.client.StageName;
import dev.slipway.registry.v1.Stage;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says which policy is meant. A mixin of picocli; not thread-safe. */
final class PolicyScope {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "NAME",
      defaultValue = "",
      description = "Name of a model. Default: the policy for all that have none of their own.")
  private String name;

  @Option(
      names = "--stage",
      paramLabel = "STAGE",
      converter = StageName.class,
      defaultValue = "production",
      description = "none, staging, production or archived. Default: ${DEFAULT-VALUE}.")
  private Stage stage;

  String name() {
    return name;
  }

  Stage stage() {
    return stage;
  }
}

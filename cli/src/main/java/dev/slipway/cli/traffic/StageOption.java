package dev.slipway.cli.traffic;

import dev.slipway.registry.v1.Stage;
import picocli.CommandLine.Option;

/** Says whose requests a rule is about. A mixin of picocli; not thread-safe. */
final class StageOption {
  @Option(
      names = "--stage",
      paramLabel = "STAGE",
      defaultValue = "PRODUCTION",
      description = "Whose requests: staging or production, in any case. Default: production.")
  private Served stage;

  /** The stages whose requests a rule may be about. */
  enum Served {
    STAGING,
    PRODUCTION
  }

  Stage get() {
    return stage == Served.STAGING ? Stage.STAGE_STAGING : Stage.STAGE_PRODUCTION;
  }
}

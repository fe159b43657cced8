package dev.slipway.cli.traffic;

import dev.slipway.serving.v1.DeleteTrafficRuleRequest;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Ends the traffic rule of a model's stage. */
@Command(
    name = "end",
    mixinStandardHelpOptions = true,
    description = "Ends the traffic rule of a model's stage: its version answers everything again.")
final class EndCommand implements Callable<Integer> {
  @Mixin private final ServingConnection serving = new ServingConnection();
  @Mixin private final StageOption stage = new StageOption();

  @Parameters(index = "0", paramLabel = "MODEL", description = "Registered model.")
  private String model;

  @Option(
      names = "--revision",
      paramLabel = "N",
      defaultValue = "0",
      description = "Only if the rule has this revision. Default: whatever there is.")
  private long revision;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    return serving.call(
        spec,
        stub -> {
          boolean deleted =
              stub.deleteTrafficRule(
                      DeleteTrafficRuleRequest.newBuilder()
                          .setModel(model)
                          .setStage(stage.get())
                          .setRevision(revision)
                          .build())
                  .getDeleted();
          spec.commandLine().getOut().println(deleted ? "Ended." : "There was no rule.");
        });
  }
}

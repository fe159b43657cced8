package dev.slipway.cli.traffic;

import dev.slipway.cli.client.JsonOutput;
import dev.slipway.serving.v1.GetTrafficRuleRequest;
import dev.slipway.serving.v1.GetTrafficRuleResponse;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows the traffic rule of a model's stage and what it has led to. */
@Command(
    name = "show",
    mixinStandardHelpOptions = true,
    description =
        "Shows the traffic rule of a model's stage, and what it has led to on the server.")
final class ShowCommand implements Callable<Integer> {
  @Mixin private final ServingConnection serving = new ServingConnection();
  @Mixin private final StageOption stage = new StageOption();
  @Mixin private final JsonOutput json = new JsonOutput();

  @Parameters(index = "0", paramLabel = "MODEL", description = "Registered model.")
  private String model;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    return serving.call(
        spec,
        stub -> {
          GetTrafficRuleResponse found =
              stub.getTrafficRule(
                  GetTrafficRuleRequest.newBuilder().setModel(model).setStage(stage.get()).build());
          if (json.isWanted()) {
            JsonOutput.print(spec.commandLine().getOut(), found);
          } else {
            RuleText.print(spec.commandLine().getOut(), found.getRule());
            RuleText.print(spec.commandLine().getOut(), found.getFigures());
          }
        });
  }
}

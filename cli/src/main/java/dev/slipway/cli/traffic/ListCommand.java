package dev.slipway.cli.traffic;

import dev.slipway.cli.client.JsonOutput;
import dev.slipway.serving.v1.ListTrafficRulesRequest;
import dev.slipway.serving.v1.ListTrafficRulesResponse;
import dev.slipway.serving.v1.ServingServiceGrpc.ServingServiceBlockingStub;
import dev.slipway.serving.v1.TrafficRule;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists traffic rules. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description = "Lists traffic rules by model and stage.")
final class ListCommand implements Callable<Integer> {
  @Mixin private final ServingConnection serving = new ServingConnection();
  @Mixin private final JsonOutput json = new JsonOutput();

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      defaultValue = "",
      description = "Only rules of this model. Default: all.")
  private String model;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    return serving.call(spec, this::list);
  }

  private void list(ServingServiceBlockingStub stub) {
    ListTrafficRulesRequest.Builder request = ListTrafficRulesRequest.newBuilder().setModel(model);
    do {
      ListTrafficRulesResponse page = stub.listTrafficRules(request.build());
      page.getRulesList().forEach(this::print);
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
  }

  private void print(TrafficRule rule) {
    if (json.isWanted()) {
      JsonOutput.print(spec.commandLine().getOut(), rule);
    } else {
      RuleText.print(spec.commandLine().getOut(), rule);
    }
  }
}

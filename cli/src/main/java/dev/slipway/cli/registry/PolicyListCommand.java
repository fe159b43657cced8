package dev.slipway.cli.registry;

import dev.slipway.registry.v1.ListStagePoliciesRequest;
import dev.slipway.registry.v1.ListStagePoliciesResponse;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Lists stage policies. */
@Command(
    name = "list",
    aliases = "ls",
    mixinStandardHelpOptions = true,
    description = "Lists policies: the general ones, then those of models by name.")
final class PolicyListCommand extends RegistryCall {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "NAME",
      defaultValue = "",
      description = "Only those that govern this model. Default: all.")
  private String name;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    ListStagePoliciesRequest.Builder request = ListStagePoliciesRequest.newBuilder().setName(name);
    eachPage(
        token -> registry.listStagePolicies(request.setPageToken(token).build()),
        ListStagePoliciesResponse::getNextPageToken,
        page ->
            page.getPoliciesList()
                .forEach(policy -> print(policy, shown -> PolicyText.print(out(), shown))));
  }
}

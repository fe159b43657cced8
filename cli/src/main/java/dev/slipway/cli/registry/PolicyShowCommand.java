package dev.slipway.cli.registry;

import dev.slipway.registry.v1.GetStagePolicyRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Shows the policy that governs a stage. */
@Command(
    name = "show",
    mixinStandardHelpOptions = true,
    description =
        "Shows the policy that governs a stage of a model: its own, else the general one.")
final class PolicyShowCommand extends RegistryCall {
  @Mixin private final PolicyScope scope = new PolicyScope();

  @Override
  void run(RegistryServiceBlockingStub registry) {
    print(
        registry.getStagePolicy(
            GetStagePolicyRequest.newBuilder()
                .setName(scope.name())
                .setStage(scope.stage())
                .build()),
        policy -> PolicyText.print(out(), policy));
  }
}

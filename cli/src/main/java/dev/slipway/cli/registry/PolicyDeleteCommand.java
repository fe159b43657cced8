package dev.slipway.cli.registry;

import dev.slipway.cli.client.StageName;
import dev.slipway.registry.v1.DeleteStagePolicyRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Deletes a stage policy. */
@Command(
    name = "delete",
    mixinStandardHelpOptions = true,
    description = "Deletes the policy that was set for exactly this model, or for all, and stage.")
final class PolicyDeleteCommand extends RegistryCall {
  @Mixin private final PolicyScope scope = new PolicyScope();

  @Override
  void run(RegistryServiceBlockingStub registry) {
    print(
        registry.deleteStagePolicy(
            DeleteStagePolicyRequest.newBuilder()
                .setName(scope.name())
                .setStage(scope.stage())
                .build()),
        done ->
            out()
                .printf(
                    "Deleted the policy of %s for %s.%n",
                    PolicyText.scope(scope.name()), StageName.of(scope.stage())));
  }
}

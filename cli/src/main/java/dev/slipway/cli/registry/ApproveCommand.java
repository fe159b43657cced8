package dev.slipway.cli.registry;

import dev.slipway.registry.v1.ApproveTransitionRequestRequest;
import dev.slipway.registry.v1.GetTransitionRequestRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.Stage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Approves a transition request. */
@Command(
    name = "approve",
    mixinStandardHelpOptions = true,
    description = {
      "Approves an open request. The last approval that the policy wants moves the version.",
      "",
      "  slipway models requests",
      "  slipway models approve 5d4c... --comment 'checked on last week'"
    })
final class ApproveCommand extends RegistryCall {
  @Parameters(index = "0", paramLabel = "REQUEST", description = "Identifier of the request.")
  private String id;

  @Mixin private final AuditComment comment = new AuditComment();

  @Override
  void run(RegistryServiceBlockingStub registry) {
    print(
        registry.approveTransitionRequest(
            ApproveTransitionRequestRequest.newBuilder()
                .setTransitionRequestId(id)
                .setComment(comment.text())
                .build()),
        request -> RequestText.print(out(), request));
  }

  @Override
  Stage checkedStage(RegistryServiceBlockingStub registry) {
    return registry
        .getTransitionRequest(
            GetTransitionRequestRequest.newBuilder().setTransitionRequestId(id).build())
        .getToStage();
  }
}

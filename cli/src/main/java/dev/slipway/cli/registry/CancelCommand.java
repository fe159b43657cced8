package dev.slipway.cli.registry;

import dev.slipway.registry.v1.CancelTransitionRequestRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Withdraws a transition request. */
@Command(
    name = "cancel",
    mixinStandardHelpOptions = true,
    description = {
      "Withdraws an open request that the caller has made.",
      "",
      "  slipway models cancel 5d4c..."
    })
final class CancelCommand extends RegistryCall {
  @Parameters(index = "0", paramLabel = "REQUEST", description = "Identifier of the request.")
  private String id;

  @Mixin private final AuditComment comment = new AuditComment();

  @Override
  void run(RegistryServiceBlockingStub registry) {
    print(
        registry.cancelTransitionRequest(
            CancelTransitionRequestRequest.newBuilder()
                .setTransitionRequestId(id)
                .setComment(comment.text())
                .build()),
        request -> RequestText.print(out(), request));
  }
}

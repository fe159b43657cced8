package dev.slipway.cli.registry;

import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.RejectTransitionRequestRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Rejects a transition request. */
@Command(
    name = "reject",
    mixinStandardHelpOptions = true,
    description = {
      "Rejects an open request, which closes it.",
      "",
      "  slipway models reject 5d4c... --comment 'the data of May is missing'"
    })
final class RejectCommand extends RegistryCall {
  @Parameters(index = "0", paramLabel = "REQUEST", description = "Identifier of the request.")
  private String id;

  @Option(
      names = "--comment",
      paramLabel = "TEXT",
      required = true,
      description = "Why, for the one who asked.")
  private String comment;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    print(
        registry.rejectTransitionRequest(
            RejectTransitionRequestRequest.newBuilder()
                .setTransitionRequestId(id)
                .setComment(comment)
                .build()),
        request -> RequestText.print(out(), request));
  }
}

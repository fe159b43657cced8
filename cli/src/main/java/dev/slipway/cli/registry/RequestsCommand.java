package dev.slipway.cli.registry;

import dev.slipway.cli.client.ModelSpec;
import dev.slipway.cli.client.TextTable;
import dev.slipway.registry.v1.GetTransitionRequestRequest;
import dev.slipway.registry.v1.ListTransitionRequestsRequest;
import dev.slipway.registry.v1.ListTransitionRequestsResponse;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.TransitionRequestState;
import dev.slipway.serving.v1.VersionSelector.ChoiceCase;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists transition requests. */
@Command(
    name = "requests",
    mixinStandardHelpOptions = true,
    description = {
      "Lists requests that wait for a decision, newest first, or shows one with its decisions and"
          + " checks.",
      "",
      "  slipway models requests",
      "  slipway models requests digits --state any --by alice",
      "  slipway models requests --id 5d4c..."
    })
final class RequestsCommand extends RegistryCall {
  /** Is a state by the name that people give it. */
  private enum State {
    OPEN(TransitionRequestState.TRANSITION_REQUEST_STATE_OPEN),
    EXECUTED(TransitionRequestState.TRANSITION_REQUEST_STATE_EXECUTED),
    REJECTED(TransitionRequestState.TRANSITION_REQUEST_STATE_REJECTED),
    CANCELLED(TransitionRequestState.TRANSITION_REQUEST_STATE_CANCELLED),
    EXPIRED(TransitionRequestState.TRANSITION_REQUEST_STATE_EXPIRED),
    ANY(TransitionRequestState.TRANSITION_REQUEST_STATE_UNSPECIFIED);

    private final TransitionRequestState message;

    State(TransitionRequestState message) {
      this.message = message;
    }
  }

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "Only for this model, NAME, or this version, NAME/VERSION. Default: all.")
  private ModelSpec model;

  @Option(names = "--id", paramLabel = "REQUEST", description = "Shows this request alone.")
  private String id;

  @Option(
      names = "--state",
      paramLabel = "STATE",
      defaultValue = "open",
      description =
          "open, executed, rejected, cancelled, expired or any. Default: ${DEFAULT-VALUE}.")
  private State state;

  @Option(
      names = "--by",
      paramLabel = "ACTOR",
      defaultValue = "",
      description = "Only those that this actor has made.")
  private String by;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    if (id != null) {
      print(
          registry.getTransitionRequest(
              GetTransitionRequestRequest.newBuilder().setTransitionRequestId(id).build()),
          request -> RequestText.print(out(), request));
      return;
    }
    ListTransitionRequestsRequest.Builder request =
        ListTransitionRequestsRequest.newBuilder().setState(state.message).setRequestedBy(by);
    if (model != null) {
      if (model.namesVersion() && model.selector().getChoiceCase() != ChoiceCase.VERSION) {
        throw usage("give NAME or NAME/VERSION: stages and aliases move");
      }
      request.setName(model.model()).setVersion(model.selector().getVersion());
    }
    TextTable table = RequestText.table(out());
    eachPage(
        token -> registry.listTransitionRequests(request.setPageToken(token).build()),
        ListTransitionRequestsResponse::getNextPageToken,
        page -> printPage(table, page.getTransitionRequestsList(), RequestText::row));
  }
}

package dev.slipway.registry.rpc;

import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.request.NewTransitionRequest;
import dev.slipway.registry.request.TransitionRequestFilter;
import dev.slipway.registry.request.TransitionRequestId;
import dev.slipway.registry.request.TransitionRequestState;
import dev.slipway.registry.rpc.RequestFields.NameAndVersion;
import dev.slipway.registry.v1.CreateTransitionRequestRequest;
import dev.slipway.registry.v1.ListTransitionRequestsRequest;
import dev.slipway.registry.version.Stage;
import dev.slipway.runtime.paging.PageRequest;
import java.util.Optional;

/**
 * Reads requests about transition requests. Each method gathers every violation and throws them
 * together as {@code InvalidRequestException}.
 */
final class TransitionRequestRequests {
  private TransitionRequestRequests() {}

  record Decision(TransitionRequestId id, String comment) {}

  record RequestList(TransitionRequestFilter filter, PageRequest page) {}

  static RegistryRequests.Create<NewTransitionRequest> create(
      CreateTransitionRequestRequest request) {
    RequestFields in = new RequestFields();
    var id = in.versionId("", request.getName(), request.getVersion());
    Optional<Stage> stage = in.stage("stage", request.getStage());
    in.archiveExisting(request.getArchiveExistingVersions(), stage);
    in.comment(request.getComment());
    Optional<IdempotencyKey> key =
        in.key(
            "CreateTransitionRequest",
            request.getRequestId(),
            request.toBuilder().clearRequestId().build());
    in.violations().throwIfAny();
    return new RegistryRequests.Create<>(
        new NewTransitionRequest(
            id.orElseThrow().name(),
            id.orElseThrow().number(),
            stage.orElseThrow(),
            request.getArchiveExistingVersions(),
            request.getComment()),
        key);
  }

  static TransitionRequestId id(String id) {
    return decision(id, "").id();
  }

  static Decision decision(String id, String comment) {
    RequestFields in = new RequestFields();
    Optional<TransitionRequestId> parsed = id(in, id);
    in.comment(comment);
    in.violations().throwIfAny();
    return new Decision(parsed.orElseThrow(), comment);
  }

  static Decision rejection(String id, String comment) {
    RequestFields in = new RequestFields();
    Optional<TransitionRequestId> parsed = id(in, id);
    in.violations().required("comment", comment);
    in.comment(comment);
    in.violations().throwIfAny();
    return new Decision(parsed.orElseThrow(), comment);
  }

  static RequestList list(ListTransitionRequestsRequest request) {
    RequestFields in = new RequestFields();
    NameAndVersion about = in.filter(request.getName(), request.getVersion());
    Optional<TransitionRequestState> state = TransitionRequestProtos.state(request.getState());
    if (request.getStateValue() != 0 && state.isEmpty()) {
      in.violations().add("state", "must be one of the known states, or left out");
    }
    Optional<String> by = in.actorFilter("requested_by", request.getRequestedBy());
    PageRequest page =
        in.page(
            request.getPageSize(),
            request.getPageToken(),
            "transition requests\n"
                + RequestFields.digest(
                    request.toBuilder().clearPageSize().clearPageToken().build()));
    in.violations().throwIfAny();
    return new RequestList(
        new TransitionRequestFilter(about.name(), about.version(), state, by), page);
  }

  private static Optional<TransitionRequestId> id(RequestFields in, String id) {
    return in.violations().parse("transition_request_id", id, TransitionRequestId::new);
  }
}

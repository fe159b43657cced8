package dev.slipway.registry.rpc;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.request.NewTransitionRequest;
import dev.slipway.registry.request.TransitionRequestFilter;
import dev.slipway.registry.request.TransitionRequestId;
import dev.slipway.registry.request.TransitionRequestState;
import dev.slipway.registry.v1.CreateTransitionRequestRequest;
import dev.slipway.registry.v1.ListTransitionRequestsRequest;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
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
    Optional<ModelName> name =
        request.getName().isEmpty() ? Optional.empty() : in.name("name", request.getName());
    Optional<VersionNumber> version =
        request.getVersion() == 0 ? Optional.empty() : in.number("version", request.getVersion());
    if (request.getVersion() != 0 && request.getName().isEmpty()) {
      in.violations().add("name", "is required together with version");
    }
    Optional<TransitionRequestState> state = TransitionRequestProtos.state(request.getState());
    if (request.getStateValue() != 0 && state.isEmpty()) {
      in.violations().add("state", "must be one of the known states, or left out");
    }
    String by = request.getRequestedBy();
    if (!by.isEmpty() && !Caller.isName(by)) {
      in.violations().add("requested_by", "must be 1 to 128 printable ASCII characters");
    }
    PageRequest page =
        in.page(
            request.getPageSize(),
            request.getPageToken(),
            "transition requests\n"
                + RequestFields.digest(
                    request.toBuilder().clearPageSize().clearPageToken().build()));
    in.violations().throwIfAny();
    return new RequestList(
        new TransitionRequestFilter(name, version, state, RequestFields.when(!by.isEmpty(), by)),
        page);
  }

  private static Optional<TransitionRequestId> id(RequestFields in, String id) {
    return in.violations().parse("transition_request_id", id, TransitionRequestId::new);
  }
}

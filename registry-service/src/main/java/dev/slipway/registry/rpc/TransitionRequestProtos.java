package dev.slipway.registry.rpc;

import dev.slipway.registry.v1.TransitionDecision;
import dev.slipway.registry.v1.TransitionRequest;
import dev.slipway.registry.v1.TransitionRequestState;
import java.util.Arrays;
import java.util.Optional;

/** Turns transition requests into messages. */
final class TransitionRequestProtos {
  private static final String STATE_PREFIX = "TRANSITION_REQUEST_STATE_";

  private TransitionRequestProtos() {}

  static TransitionRequest request(dev.slipway.registry.request.TransitionRequest request) {
    TransitionRequest.Builder message =
        TransitionRequest.newBuilder()
            .setTransitionRequestId(request.id().value())
            .setName(request.name().value())
            .setVersion(request.version().value())
            .setFromStage(RegistryProtos.stage(request.from()))
            .setToStage(RegistryProtos.stage(request.to()))
            .setArchiveExistingVersions(request.archiveExisting())
            .setComment(request.comment())
            .setState(TransitionRequestState.valueOf(STATE_PREFIX + request.state().name()))
            .setRequestedBy(request.requestedBy())
            .setCreateTime(RegistryProtos.time(request.createdAt()))
            .setExpireTime(RegistryProtos.time(request.expiresAt()))
            .setRequiredApprovals(request.requiredApprovals())
            .setRevision(request.revision());
    request.closedAt().ifPresent(at -> message.setCloseTime(RegistryProtos.time(at)));
    request.checks().ifPresent(report -> message.setCheckReport(CheckProtos.report(report)));
    request
        .decisions()
        .forEach(
            decision ->
                message.addDecisions(
                    TransitionDecision.newBuilder()
                        .setActor(decision.by().name())
                        .setApproved(decision.approved())
                        .setComment(decision.comment())
                        .setDecisionTime(RegistryProtos.time(decision.at()))));
    return message.build();
  }

  /** Finds the state of a message; empty when it is unspecified or unknown. */
  static Optional<dev.slipway.registry.request.TransitionRequestState> state(
      TransitionRequestState state) {
    return Arrays.stream(dev.slipway.registry.request.TransitionRequestState.values())
        .filter(candidate -> (STATE_PREFIX + candidate.name()).equals(state.name()))
        .findFirst();
  }
}

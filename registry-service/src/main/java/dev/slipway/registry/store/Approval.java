package dev.slipway.registry.store;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.registry.request.TransitionDecision;
import dev.slipway.registry.request.TransitionRequest;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Is what an approval does, by the state and the policy of one moment.
 *
 * @param decisions all decisions with it
 * @param rules what governs the stage
 * @param move the move that it makes; absent when more approvals are needed
 */
record Approval(List<TransitionDecision> decisions, PolicyRules rules, Optional<StageMove> move) {
  /** Decides about an approval; throws what refuses it. */
  static Approval decide(
      RegistryReader reader,
      StageReader stages,
      long modelId,
      TransitionRequest request,
      Caller caller,
      String comment,
      Instant now) {
    request.requireOpen(now);
    PolicyRules rules = stages.rules(modelId, request.to());
    rules.requireApprovableBy(caller, request.requestedBy(), request.to());
    List<TransitionDecision> decisions = request.withApproval(caller, comment, now, rules);
    long approvals = request.decided(decisions, rules, request.revision()).approvals(rules);
    return new Approval(
        decisions,
        rules,
        approvals < rules.approvalsToMove()
            ? Optional.empty()
            : Optional.of(
                StageMoves.decide(reader, stages, request.transition(), policy -> false)));
  }
}

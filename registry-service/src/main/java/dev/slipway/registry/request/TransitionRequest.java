package dev.slipway.registry.request;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.check.CheckReport;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.TextSize;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.StageTransition;
import dev.slipway.registry.version.VersionNumber;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Is a wish to move a version into a stage.
 *
 * @param from stage that the version was in when the request was made, and must be in to be moved
 * @param archiveExisting whether the versions that hold the stage go to Archived
 * @param expiresAt from when on it cannot be decided any more
 * @param closedAt absent while it is open
 * @param decisions the last word of each person, in the order of arrival
 * @param requiredApprovals what the policy asked for when the request was last looked at
 * @param checks verdicts when they were last run; absent when the policy has no checks
 * @param revision registry revision of the last change
 */
public record TransitionRequest(
    TransitionRequestId id,
    ModelName name,
    VersionNumber version,
    Stage from,
    Stage to,
    boolean archiveExisting,
    String comment,
    TransitionRequestState state,
    String requestedBy,
    Instant createdAt,
    Instant expiresAt,
    Optional<Instant> closedAt,
    List<TransitionDecision> decisions,
    int requiredApprovals,
    Optional<CheckReport> checks,
    long revision) {
  /** Copies the list. */
  public TransitionRequest {
    decisions = List.copyOf(decisions);
  }

  /** Returns the move that is asked for. */
  public StageTransition transition() {
    return new StageTransition(
        name, version, to, archiveExisting, Optional.of(from), false, false, comment);
  }

  /**
   * Checks that the request can be decided.
   *
   * @throws TransitionRequestClosedException if it is closed, or its time is up
   */
  public void requireOpen(Instant now) {
    if (state != TransitionRequestState.OPEN) {
      throw new TransitionRequestClosedException(id, state);
    }
    if (isDue(now)) {
      throw new TransitionRequestClosedException(id, TransitionRequestState.EXPIRED);
    }
  }

  /** Returns whether the time of an open request is up. */
  public boolean isDue(Instant now) {
    return state == TransitionRequestState.OPEN && !now.isBefore(expiresAt);
  }

  /** Returns whether somebody has approved, whatever that counts. */
  public boolean approvedBy(String actor) {
    return decisions.stream()
        .anyMatch(decision -> decision.approved() && decision.by().name().equals(actor));
  }

  /** Returns how many approvals count by some rules. */
  public long approvals(PolicyRules rules) {
    return decisions.stream().filter(decision -> counts(decision, rules)).count();
  }

  /** Returns the decisions with an approval; one of the same person that counts stays as it is. */
  public List<TransitionDecision> withApproval(
      Caller caller, String why, Instant now, PolicyRules rules) {
    return decisions.stream()
            .anyMatch(
                decision -> decision.by().name().equals(caller.name()) && counts(decision, rules))
        ? decisions
        : with(new TransitionDecision(caller, true, why, now));
  }

  /** Returns the decisions with one that takes the place of an earlier one of the same person. */
  public List<TransitionDecision> with(TransitionDecision last) {
    List<TransitionDecision> all = new ArrayList<>(decisions);
    all.removeIf(decision -> decision.by().name().equals(last.by().name()));
    all.add(last);
    return all;
  }

  /** Returns the request with some decisions, as it is after a command. */
  public TransitionRequest decided(
      List<TransitionDecision> newDecisions, PolicyRules rules, long newRevision) {
    return new TransitionRequest(
        id,
        name,
        version,
        from,
        to,
        archiveExisting,
        comment,
        state,
        requestedBy,
        createdAt,
        expiresAt,
        closedAt,
        newDecisions,
        rules.requiredApprovals(),
        checks,
        newRevision);
  }

  /** Returns the request closed by a command. */
  public TransitionRequest closed(
      TransitionRequestState finalState,
      Instant at,
      Optional<CheckReport> lastChecks,
      long newRevision) {
    return new TransitionRequest(
        id,
        name,
        version,
        from,
        to,
        archiveExisting,
        comment,
        finalState,
        requestedBy,
        createdAt,
        expiresAt,
        Optional.of(at),
        decisions,
        requiredApprovals,
        lastChecks,
        newRevision);
  }

  /** Returns about how many bytes it has. */
  public long weight() {
    return TextSize.of(name.value(), comment, requestedBy)
        + decisions.stream()
            .mapToLong(decision -> TextSize.of(decision.by().name(), decision.comment()))
            .sum()
        + checks.map(CheckReport::weight).orElse(0L);
  }

  private boolean counts(TransitionDecision decision, PolicyRules rules) {
    return decision.approved() && rules.counts(decision.by(), requestedBy);
  }
}

package dev.slipway.registry.policy;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.RoleRequiredException;
import dev.slipway.registry.check.Check;
import dev.slipway.registry.version.Stage;
import java.time.Duration;
import java.util.List;

/**
 * Says what a move into a stage takes.
 *
 * <p>A direct move takes one of the transition roles, when there are any, and no approvals to be
 * needed. A forced one takes one of the force roles and nothing else. A requested one takes
 * approvals, each by somebody with one of the approver roles, when there are any.
 *
 * @param transitionRoles roles that move versions directly, and roll back; empty: everybody
 * @param requiredApprovals 0 to {@value #MAX_APPROVALS}; above 0 nobody moves versions directly
 * @param approverRoles empty: everybody
 * @param allowSelfApproval whether the approval of whoever made the request counts
 * @param forceRoles empty: nobody
 * @param checks what the version must meet, unless the move is forced
 * @param requestLifetime how long a request stays open: {@link #MIN_LIFETIME} to {@link
 *     #MAX_LIFETIME}
 * @param allowMultipleVersions whether several versions may be in the stage; only for Staging
 */
public record PolicyRules(
    List<String> transitionRoles,
    int requiredApprovals,
    List<String> approverRoles,
    boolean allowSelfApproval,
    List<String> forceRoles,
    List<Check> checks,
    Duration requestLifetime,
    boolean allowMultipleVersions) {
  /** The most roles of each kind. */
  public static final int MAX_ROLES = 32;

  /** The most approvals that can be asked for. */
  public static final int MAX_APPROVALS = 16;

  /** The shortest time that a request can stay open. */
  public static final Duration MIN_LIFETIME = Duration.ofMinutes(1);

  /** The longest time that a request can stay open. */
  public static final Duration MAX_LIFETIME = Duration.ofDays(90);

  /** How long a request stays open where nothing else is said. */
  public static final Duration DEFAULT_LIFETIME = Duration.ofDays(7);

  /** What holds where there is no policy: everybody may do everything, and nothing is checked. */
  public static final PolicyRules NONE =
      new PolicyRules(List.of(), 0, List.of(), true, List.of(), List.of(), DEFAULT_LIFETIME, false);

  /** Copies the lists. */
  public PolicyRules {
    transitionRoles = List.copyOf(transitionRoles);
    approverRoles = List.copyOf(approverRoles);
    forceRoles = List.copyOf(forceRoles);
    checks = List.copyOf(checks);
  }

  /** Returns how many approvals move a requested version: at least one, since somebody decides. */
  public int approvalsToMove() {
    return Math.max(1, requiredApprovals);
  }

  /**
   * Checks that a caller may move versions into the stage without a request.
   *
   * @throws ApprovalRequiredException if the move takes approvals
   * @throws RoleRequiredException if it is reserved for roles that the caller lacks
   */
  public void requireMovableBy(Caller caller, Stage stage) {
    if (requiredApprovals > 0) {
      throw new ApprovalRequiredException(stage, requiredApprovals);
    }
    requireTransitionRole(caller, stage);
  }

  /**
   * Checks that a caller has one of the transition roles, when there are any.
   *
   * @throws RoleRequiredException if not
   */
  public void requireTransitionRole(Caller caller, Stage stage) {
    require(admits(transitionRoles, caller), "moving a version into " + stage, transitionRoles);
  }

  /**
   * Checks that a caller may pass by approvals and checks.
   *
   * @throws RoleRequiredException if not
   */
  public void requireForcibleBy(Caller caller, Stage stage) {
    require(caller.hasOneOf(forceRoles), "forcing a version into " + stage, forceRoles);
  }

  /**
   * Checks that a caller may delete versions with which the checks of the stage compare others.
   *
   * @throws RoleRequiredException if not
   */
  public void requireDeletableBy(Caller caller, Stage stage) {
    require(
        caller.hasOneOf(forceRoles),
        "deleting a version that the checks of " + stage + " stand on",
        forceRoles);
  }

  /**
   * Checks that a caller may decide on requests.
   *
   * @throws RoleRequiredException if not
   */
  public void requireApproverRole(Caller caller, Stage stage) {
    require(admits(approverRoles, caller), "deciding on requests for " + stage, approverRoles);
  }

  /**
   * Checks that a caller may approve a request.
   *
   * <p>Where no approvals are required, an approval is a direct move by whoever gives it, and takes
   * what that takes: a request must not be a way around the transition roles.
   *
   * @param requester who made the request
   * @throws RoleRequiredException if the caller lacks a role
   * @throws SelfApprovalException if the caller made the request and somebody else must approve
   */
  public void requireApprovableBy(Caller caller, String requester, Stage stage) {
    requireApproverRole(caller, stage);
    if (requiredApprovals == 0) {
      requireTransitionRole(caller, stage);
    }
    if (!allowSelfApproval && caller.name().equals(requester)) {
      throw new SelfApprovalException(stage);
    }
  }

  /**
   * Returns whether an approval counts, by the roles that the approver had when giving it.
   *
   * @param requester who made the request
   */
  public boolean counts(Caller approver, String requester) {
    return admits(approverRoles, approver)
        && (requiredApprovals > 0 || admits(transitionRoles, approver))
        && (allowSelfApproval || !approver.name().equals(requester));
  }

  private static boolean admits(List<String> roles, Caller caller) {
    return roles.isEmpty() || caller.hasOneOf(roles);
  }

  private static void require(boolean allowed, String what, List<String> roles) {
    if (!allowed) {
      throw new RoleRequiredException(what, roles);
    }
  }
}

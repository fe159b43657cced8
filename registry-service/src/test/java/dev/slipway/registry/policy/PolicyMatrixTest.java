package dev.slipway.registry.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.version.Stage;
import dev.slipway.runtime.error.ServiceException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Goes through every combination of policy and caller, beside what the contract says in words. */
final class PolicyMatrixTest {
  private static final List<List<String>> ROLE_LISTS =
      List.of(List.of(), List.of("a"), List.of("a", "b"));
  private static final List<Set<String>> CALLERS =
      List.of(Set.of(), Set.of("a"), Set.of("b"), Set.of("c"), Set.of("a", "b", "c"));

  /** Is one combination; the requester is the caller or somebody else. */
  private record Combination(PolicyRules rules, Caller caller, boolean self) {
    String requester() {
      return self ? caller.name() : "somebody-else";
    }

    boolean has(List<String> roles) {
      return roles.stream().anyMatch(caller.roles()::contains);
    }

    boolean hasOrNoneAsked(List<String> roles) {
      return roles.isEmpty() || has(roles);
    }
  }

  @Test
  void directMoves_takeNoApprovals_andATransitionRole() {
    forEach(
        at ->
            assertThat(outcome(() -> at.rules().requireMovableBy(at.caller(), Stage.PRODUCTION)))
                .as(at.toString())
                .isEqualTo(
                    at.rules().requiredApprovals() > 0
                        ? "APPROVAL_REQUIRED"
                        : at.hasOrNoneAsked(at.rules().transitionRoles())
                            ? "OK"
                            : "ROLE_REQUIRED"));
  }

  @Test
  void force_takesAForceRole_andNothingElse() {
    forEach(
        at ->
            assertThat(outcome(() -> at.rules().requireForcibleBy(at.caller(), Stage.PRODUCTION)))
                .as(at.toString())
                .isEqualTo(at.has(at.rules().forceRoles()) ? "OK" : "ROLE_REQUIRED"));
  }

  @Test
  void approvals_takeAnApproverRole_andSomebodyElse_andNeverPassByTransitionRoles() {
    forEach(
        at -> {
          PolicyRules rules = at.rules();
          boolean roles =
              at.hasOrNoneAsked(rules.approverRoles())
                  && (rules.requiredApprovals() > 0 || at.hasOrNoneAsked(rules.transitionRoles()));
          String expected =
              !roles
                  ? "ROLE_REQUIRED"
                  : at.self() && !rules.allowSelfApproval() ? "SELF_APPROVAL" : "OK";
          assertThat(
                  outcome(
                      () ->
                          rules.requireApprovableBy(at.caller(), at.requester(), Stage.PRODUCTION)))
              .as(at.toString())
              .isEqualTo(expected);
          assertThat(rules.counts(at.caller(), at.requester()))
              .as("counted later: " + at)
              .isEqualTo(expected.equals("OK"));
        });
  }

  @Test
  void rejections_takeAnApproverRole() {
    forEach(
        at ->
            assertThat(outcome(() -> at.rules().requireApproverRole(at.caller(), Stage.PRODUCTION)))
                .as(at.toString())
                .isEqualTo(at.hasOrNoneAsked(at.rules().approverRoles()) ? "OK" : "ROLE_REQUIRED"));
  }

  @Test
  void moves_takeOneApprovalAtLeast() {
    forEach(
        at ->
            assertThat(at.rules().approvalsToMove())
                .isEqualTo(Math.max(1, at.rules().requiredApprovals())));
  }

  private static void forEach(Consumer<Combination> check) {
    List<Combination> all = new ArrayList<>();
    for (List<String> transition : ROLE_LISTS) {
      for (List<String> approvers : ROLE_LISTS) {
        for (List<String> force : ROLE_LISTS) {
          for (int approvals : new int[] {0, 1, 2, PolicyRules.MAX_APPROVALS}) {
            for (boolean selfApproval : new boolean[] {false, true}) {
              PolicyRules rules =
                  new PolicyRules(
                      transition,
                      approvals,
                      approvers,
                      selfApproval,
                      force,
                      List.of(),
                      PolicyRules.DEFAULT_LIFETIME,
                      false);
              for (Set<String> roles : CALLERS) {
                all.add(new Combination(rules, new Caller("anna", roles), false));
                all.add(new Combination(rules, new Caller("anna", roles), true));
              }
            }
          }
        }
      }
    }
    assertThat(all).hasSize(3 * 3 * 3 * 4 * 2 * 5 * 2);
    all.forEach(check);
  }

  private static String outcome(Runnable call) {
    try {
      call.run();
      return "OK";
    } catch (ServiceException e) {
      return e.reason();
    }
  }
}

package dev.slipway.registry.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.request.TransitionRequest;
import dev.slipway.registry.request.TransitionRequestId;
import dev.slipway.registry.request.TransitionRequestState;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.runtime.error.ServiceException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Goes through every combination of policy and caller, beside what the contract says in words. */
final class PolicyMatrixTest {
  private static final List<List<String>> ROLE_LISTS =
      List.of(List.of(), List.of("a"), List.of("a", "b"));
  private static final List<Set<String>> CALLERS =
      List.of(Set.of(), Set.of("a"), Set.of("b"), Set.of("c"), Set.of("a", "b", "c"));

  private static final Instant NOW = Instant.parse("2026-02-03T04:05:06Z");

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
  void request_isApproved_onceAsManyPeopleAsAskedForHaveApprovals_thatCount() {
    forEach(
        at -> {
          PolicyRules rules = at.rules();
          boolean outsiderCounts =
              rules.approverRoles().isEmpty()
                  && (rules.requiredApprovals() > 0 || rules.transitionRoles().isEmpty());
          boolean peersCount =
              at.hasOrNoneAsked(rules.approverRoles())
                  && (rules.requiredApprovals() > 0 || at.hasOrNoneAsked(rules.transitionRoles()));
          boolean callerCounts = peersCount && (!at.self() || rules.allowSelfApproval());

          TransitionRequest request = request(at.requester());
          int counted = 0;
          // The caller, an outsider without any role, and then more people with the caller's roles.
          for (int person = 0; person <= PolicyRules.MAX_APPROVALS + 1; person++) {
            assertThat(request.approvals(rules)).as("%d of %s", person, at).isEqualTo(counted);
            assertThat(request.approvals(rules) >= rules.approvalsToMove())
                .as("%d of %s", person, at)
                .isEqualTo(counted > 0 && counted >= rules.requiredApprovals());
            Caller approver =
                switch (person) {
                  case 0 -> at.caller();
                  case 1 -> new Caller("outsider", Set.of());
                  default -> new Caller("peer-" + person, at.caller().roles());
                };
            request = approved(approved(request, approver, rules), approver, rules);
            assertThat(request.decisions()).as("one of each person").hasSize(person + 1);
            if (person == 0 ? callerCounts : person == 1 ? outsiderCounts : peersCount) {
              counted++;
            }
          }
        });
  }

  private static TransitionRequest request(String requester) {
    return new TransitionRequest(
        new TransitionRequestId("0".repeat(32)),
        new ModelName("digits"),
        new VersionNumber(1),
        Stage.NONE,
        Stage.PRODUCTION,
        false,
        "",
        TransitionRequestState.OPEN,
        requester,
        NOW,
        NOW.plus(PolicyRules.DEFAULT_LIFETIME),
        Optional.empty(),
        List.of(),
        0,
        Optional.empty(),
        1);
  }

  private static TransitionRequest approved(
      TransitionRequest request, Caller approver, PolicyRules rules) {
    return request.decided(request.withApproval(approver, "", NOW, rules), rules, 2);
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

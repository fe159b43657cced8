package dev.slipway.registry.rpc;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.registry.v1.ListStagePoliciesRequest;
import dev.slipway.registry.v1.StagePolicy;
import dev.slipway.registry.version.Stage;
import dev.slipway.runtime.paging.PageRequest;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/**
 * Reads requests about stage policies. Each method gathers every violation and throws them together
 * as {@code InvalidRequestException}.
 */
final class StagePolicyRequests {
  private StagePolicyRequests() {}

  /** Names a policy; an absent name means all models. */
  record PolicyId(Optional<ModelName> name, Stage stage) {}

  record SetPolicy(PolicyId id, PolicyRules rules) {}

  record PolicyList(Optional<ModelName> only, PageRequest page) {}

  static SetPolicy set(StagePolicy policy) {
    RequestFields in = new RequestFields();
    Optional<ModelName> name = name(in, "policy.name", policy.getName());
    Optional<Stage> stage = in.stage("policy.stage", policy.getStage());
    List<String> transitionRoles =
        roles(in, "policy.transition_roles", policy.getTransitionRolesList());
    List<String> approverRoles = roles(in, "policy.approver_roles", policy.getApproverRolesList());
    List<String> forceRoles = roles(in, "policy.force_roles", policy.getForceRolesList());
    int approvals = policy.getRequiredApprovals();
    if (approvals < 0 || approvals > PolicyRules.MAX_APPROVALS) {
      in.violations().add("policy.required_approvals", "must be 0 to " + PolicyRules.MAX_APPROVALS);
    }
    var checks = CheckProtos.checks("policy.checks", policy.getChecksList(), in.violations());
    Duration lifetime = PolicyRules.DEFAULT_LIFETIME;
    if (policy.hasRequestLifetime()) {
      lifetime =
          in.duration(
              "policy.request_lifetime",
              policy.getRequestLifetime(),
              PolicyRules.MIN_LIFETIME,
              PolicyRules.MAX_LIFETIME,
              "must be 1 minute to 90 days");
    }
    if (policy.getAllowMultipleVersions() && stage.isPresent() && stage.get() != Stage.STAGING) {
      in.violations()
          .add("policy.allow_multiple_versions", "can be set only when stage is Staging");
    }
    in.violations().throwIfAny();
    return new SetPolicy(
        new PolicyId(name, stage.orElseThrow()),
        new PolicyRules(
            transitionRoles,
            approvals,
            approverRoles,
            policy.getAllowSelfApproval(),
            forceRoles,
            checks,
            lifetime,
            policy.getAllowMultipleVersions()));
  }

  static PolicyId id(String name, dev.slipway.registry.v1.Stage stage) {
    RequestFields in = new RequestFields();
    Optional<ModelName> parsed = name(in, "name", name);
    Optional<Stage> parsedStage = in.stage("stage", stage);
    in.violations().throwIfAny();
    return new PolicyId(parsed, parsedStage.orElseThrow());
  }

  static PolicyList list(ListStagePoliciesRequest request) {
    RequestFields in = new RequestFields();
    Optional<ModelName> name = name(in, "name", request.getName());
    PageRequest page =
        in.page(
            request.getPageSize(), request.getPageToken(), "stage policies\n" + request.getName());
    in.violations().throwIfAny();
    return new PolicyList(name, page);
  }

  private static Optional<ModelName> name(RequestFields in, String field, String name) {
    return name.isEmpty() ? Optional.empty() : in.name(field, name);
  }

  /** Reads roles; one that is named twice counts once. */
  private static List<String> roles(RequestFields in, String field, List<String> roles) {
    if (roles.size() > PolicyRules.MAX_ROLES) {
      in.violations()
          .add(
              field,
              "has %d entries; at most %d are allowed"
                  .formatted(roles.size(), PolicyRules.MAX_ROLES));
      return List.of();
    }
    for (int i = 0; i < roles.size(); i++) {
      if (!Caller.isRole(roles.get(i))) {
        in.violations()
            .add(field + "[" + i + "]", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ -");
      }
    }
    return List.copyOf(new LinkedHashSet<>(roles));
  }
}

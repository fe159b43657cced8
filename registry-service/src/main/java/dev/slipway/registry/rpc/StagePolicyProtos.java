package dev.slipway.registry.rpc;

import com.google.protobuf.Duration;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.registry.v1.StagePolicy;

/** Turns stage policies into messages. */
final class StagePolicyProtos {
  private StagePolicyProtos() {}

  static StagePolicy policy(dev.slipway.registry.policy.StagePolicy policy) {
    PolicyRules rules = policy.rules();
    return StagePolicy.newBuilder()
        .setName(policy.name().map(ModelName::value).orElse(""))
        .setStage(RegistryProtos.stage(policy.stage()))
        .addAllTransitionRoles(rules.transitionRoles())
        .setRequiredApprovals(rules.requiredApprovals())
        .addAllApproverRoles(rules.approverRoles())
        .setAllowSelfApproval(rules.allowSelfApproval())
        .addAllForceRoles(rules.forceRoles())
        .addAllChecks(rules.checks().stream().map(CheckProtos::check).toList())
        .setRequestLifetime(Duration.newBuilder().setSeconds(rules.requestLifetime().toSeconds()))
        .setAllowMultipleVersions(rules.allowMultipleVersions())
        .setUpdateTime(RegistryProtos.time(policy.updatedAt()))
        .setUpdatedBy(policy.updatedBy())
        .setRevision(policy.revision())
        .build();
  }
}

package dev.slipway.registry.rpc;

import dev.slipway.registry.store.StagePolicyStore;
import dev.slipway.registry.v1.DeleteStagePolicyRequest;
import dev.slipway.registry.v1.DeleteStagePolicyResponse;
import dev.slipway.registry.v1.GetStagePolicyRequest;
import dev.slipway.registry.v1.ListStagePoliciesRequest;
import dev.slipway.registry.v1.ListStagePoliciesResponse;
import dev.slipway.registry.v1.SetStagePolicyRequest;
import dev.slipway.registry.v1.StagePolicy;
import dev.slipway.runtime.paging.Page;

/** Answers the RPCs about stage policies. Thread-safe. */
public final class StagePolicyRpcs {
  private final StagePolicyStore policies;

  /** Creates the adapter. */
  public StagePolicyRpcs(StagePolicyStore policies) {
    this.policies = policies;
  }

  StagePolicy set(SetStagePolicyRequest request) {
    var in = StagePolicyRequests.set(request.getPolicy());
    return StagePolicyProtos.policy(
        policies.set(in.id().name(), in.id().stage(), in.rules(), CallerInterceptor.current()));
  }

  StagePolicy get(GetStagePolicyRequest request) {
    var id = StagePolicyRequests.id(request.getName(), request.getStage());
    return StagePolicyProtos.policy(policies.get(id.name(), id.stage()));
  }

  ListStagePoliciesResponse list(ListStagePoliciesRequest request) {
    var in = StagePolicyRequests.list(request);
    Page<StagePolicy> page = policies.list(in.only(), in.page()).map(StagePolicyProtos::policy);
    return ListStagePoliciesResponse.newBuilder()
        .addAllPolicies(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  DeleteStagePolicyResponse delete(DeleteStagePolicyRequest request) {
    var id = StagePolicyRequests.id(request.getName(), request.getStage());
    policies.delete(id.name(), id.stage(), CallerInterceptor.current());
    return DeleteStagePolicyResponse.getDefaultInstance();
  }
}

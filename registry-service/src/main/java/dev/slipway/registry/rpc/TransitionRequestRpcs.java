package dev.slipway.registry.rpc;

import dev.slipway.registry.service.StageService;
import dev.slipway.registry.store.TransitionRequestStore;
import dev.slipway.registry.v1.ApproveTransitionRequestRequest;
import dev.slipway.registry.v1.CancelTransitionRequestRequest;
import dev.slipway.registry.v1.CreateTransitionRequestRequest;
import dev.slipway.registry.v1.GetTransitionRequestRequest;
import dev.slipway.registry.v1.ListTransitionRequestsRequest;
import dev.slipway.registry.v1.ListTransitionRequestsResponse;
import dev.slipway.registry.v1.RejectTransitionRequestRequest;
import dev.slipway.registry.v1.TransitionRequest;
import dev.slipway.runtime.paging.Page;

/** Answers the RPCs about transition requests. Thread-safe. */
public final class TransitionRequestRpcs {
  private final StageService stages;
  private final TransitionRequestStore requests;

  /** Creates the adapter. */
  public TransitionRequestRpcs(StageService stages, TransitionRequestStore requests) {
    this.stages = stages;
    this.requests = requests;
  }

  TransitionRequest create(CreateTransitionRequestRequest request) {
    var in = TransitionRequestRequests.create(request);
    return TransitionRequestProtos.request(
        stages.request(in.wanted(), in.key(), CallerInterceptor.current()));
  }

  TransitionRequest approve(ApproveTransitionRequestRequest request) {
    var in =
        TransitionRequestRequests.decision(request.getTransitionRequestId(), request.getComment());
    return TransitionRequestProtos.request(
        CheckFailures.explained(
            () -> stages.approve(in.id(), in.comment(), CallerInterceptor.current())));
  }

  TransitionRequest reject(RejectTransitionRequestRequest request) {
    var in =
        TransitionRequestRequests.rejection(request.getTransitionRequestId(), request.getComment());
    return TransitionRequestProtos.request(
        requests.reject(in.id(), in.comment(), CallerInterceptor.current()));
  }

  TransitionRequest cancel(CancelTransitionRequestRequest request) {
    var in =
        TransitionRequestRequests.decision(request.getTransitionRequestId(), request.getComment());
    return TransitionRequestProtos.request(
        requests.cancel(in.id(), in.comment(), CallerInterceptor.current()));
  }

  TransitionRequest get(GetTransitionRequestRequest request) {
    return TransitionRequestProtos.request(
        requests.get(TransitionRequestRequests.id(request.getTransitionRequestId())));
  }

  ListTransitionRequestsResponse list(ListTransitionRequestsRequest request) {
    var in = TransitionRequestRequests.list(request);
    Page<TransitionRequest> page =
        requests.list(in.filter(), in.page()).map(TransitionRequestProtos::request);
    return ListTransitionRequestsResponse.newBuilder()
        .addAllTransitionRequests(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }
}

package dev.slipway.registry.rpc;

import dev.slipway.registry.service.StageService;
import dev.slipway.registry.store.StageStore;
import dev.slipway.registry.v1.CheckReport;
import dev.slipway.registry.v1.CheckTransitionRequest;
import dev.slipway.registry.v1.RollbackStageRequest;
import dev.slipway.registry.v1.RollbackStageResponse;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.registry.v1.TransitionStageResponse;
import dev.slipway.registry.version.StageTransition;
import dev.slipway.registry.version.StageTransitionResult;

/** Answers the RPCs that move versions between stages. Thread-safe. */
public final class StageRpcs {
  private final StageService service;
  private final StageStore stages;

  /** Creates the adapter. */
  public StageRpcs(StageService service, StageStore stages) {
    this.service = service;
    this.stages = stages;
  }

  TransitionStageResponse transition(TransitionStageRequest request) {
    StageTransition wanted = RegistryRequests.transition(request);
    StageTransitionResult result =
        CheckFailures.explained(() -> service.transition(wanted, CallerInterceptor.current()));
    TransitionStageResponse.Builder response =
        TransitionStageResponse.newBuilder()
            .setModelVersion(RegistryProtos.version(result.version()))
            .addAllArchivedVersions(
                result.archived().stream().map(RegistryProtos::version).toList())
            .setRevision(result.revision());
    result.checks().ifPresent(report -> response.setCheckReport(CheckProtos.report(report)));
    return response.build();
  }

  RollbackStageResponse rollback(RollbackStageRequest request) {
    var in = RegistryRequests.rollback(request);
    StageTransitionResult result =
        stages.rollback(
            in.name(), in.stage(), in.expected(), in.comment(), CallerInterceptor.current());
    return RollbackStageResponse.newBuilder()
        .setModelVersion(RegistryProtos.version(result.version()))
        .setArchivedVersion(RegistryProtos.version(result.archived().get(0)))
        .setRevision(result.revision())
        .build();
  }

  CheckReport check(CheckTransitionRequest request) {
    var in =
        RegistryRequests.stageOfVersion(
            request.getName(), request.getVersion(), request.getStage());
    return CheckProtos.report(service.check(in.name(), in.number(), in.stage()));
  }
}

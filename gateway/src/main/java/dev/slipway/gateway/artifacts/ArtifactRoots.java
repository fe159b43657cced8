package dev.slipway.gateway.artifacts;

import dev.slipway.gateway.mlflow.ErrorTranslator;
import dev.slipway.gateway.mlflow.MlflowException;
import dev.slipway.gateway.upstream.Outcome;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.tracking.v1.GetLoggedModelRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.KeySelection;
import dev.slipway.tracking.v1.RunProjection;
import io.grpc.StatusRuntimeException;
import java.util.Map;

/** Asks tracking where files lie. Thread-safe. */
final class ArtifactRoots {
  private static final KeySelection NONE =
      KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_NONE).build();

  private static final RunProjection INFO =
      RunProjection.newBuilder()
          .setMetrics(NONE)
          .setParams(NONE)
          .setTags(NONE)
          .setOmitInputsAndOutputs(true)
          .build();

  private final Services services;

  ArtifactRoots(Services services) {
    this.services = services;
  }

  /**
   * Finds the root of a run.
   *
   * @throws MlflowException if there is no such run, or its files lie elsewhere
   */
  ArtifactRoot ofRun(String runId) {
    try {
      return ArtifactRoot.of(
          services
              .tracking()
              .getRun(GetRunRequest.newBuilder().setRunId(runId).setProjection(INFO).build())
              .getInfo()
              .getArtifactUri());
    } catch (StatusRuntimeException e) {
      throw ErrorTranslator.translate(Outcome.of(e), Map.of("run_id", runId));
    }
  }

  /**
   * Finds the root of a logged model.
   *
   * @throws MlflowException if there is no such model, or its files lie elsewhere
   */
  ArtifactRoot ofLoggedModel(String modelId) {
    try {
      return ArtifactRoot.of(
          services
              .tracking()
              .getLoggedModel(GetLoggedModelRequest.newBuilder().setModelId(modelId).build())
              .getInfo()
              .getArtifactUri());
    } catch (StatusRuntimeException e) {
      throw ErrorTranslator.translate(Outcome.of(e), Map.of("model_id", modelId));
    }
  }
}

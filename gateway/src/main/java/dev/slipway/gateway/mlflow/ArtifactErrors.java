package dev.slipway.gateway.mlflow;

import dev.slipway.gateway.upstream.Outcome;
import io.grpc.Status;
import java.util.Map;

/** Says in MLflow's words why the artifact service refused. Thread-safe. */
public final class ArtifactErrors {
  private static final int RANGE_NOT_SATISFIABLE = 416;

  private ArtifactErrors() {}

  /** Returns the answer for a failed call. */
  public static MlflowException translate(Outcome outcome) {
    boolean unsafe =
        outcome.violations().stream()
            .anyMatch(
                found -> found.getField().equals("path") || found.getField().endsWith(".path"));
    if (unsafe) {
      return invalidPath();
    }
    if (outcome.code() == Status.Code.OUT_OF_RANGE) {
      return new MlflowException(
          ErrorCode.INVALID_PARAMETER_VALUE,
          RANGE_NOT_SATISFIABLE,
          "The range begins behind the end of the file");
    }
    return ErrorTranslator.translate(outcome, Map.of());
  }

  /** Answers that a path leads out of where it may lead, or is none. */
  public static MlflowException invalidPath() {
    return MlflowException.refused("Invalid path");
  }
}

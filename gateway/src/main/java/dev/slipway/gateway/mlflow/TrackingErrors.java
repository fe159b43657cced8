package dev.slipway.gateway.mlflow;

import dev.slipway.gateway.upstream.Outcome;
import java.util.Map;
import java.util.Optional;

/** Says in MLflow's words what tracking knows to be in the way. */
final class TrackingErrors {
  private TrackingErrors() {}

  /** Returns the answer; empty for a reason that has no words of its own. */
  static Optional<MlflowException> translate(Outcome outcome) {
    Map<String, String> about = outcome.about();
    String run = about.getOrDefault("run_id", "");
    String experiment = about.getOrDefault("experiment_id", "");
    return Optional.ofNullable(
        switch (outcome.reason()) {
          case "RUN_NOT_FOUND" -> runNotFound(run);
          case "EXPERIMENT_NOT_FOUND" ->
              MlflowException.absent(
                  about.containsKey("name")
                      ? "Could not find experiment with name '" + about.get("name") + "'"
                      : "No Experiment with id=" + experiment + " exists");
          case "EXPERIMENT_ALREADY_EXISTS" ->
              new MlflowException(
                  ErrorCode.RESOURCE_ALREADY_EXISTS,
                  "Experiment '" + about.get("name") + "' already exists.");
          case "LOGGED_MODEL_NOT_FOUND" -> loggedModelNotFound(about.getOrDefault("model_id", ""));
          // Asked again the same search would take as long, and clients ask again after a 5xx.
          case "SEARCH_TIMEOUT" -> MlflowException.refused(outcome.message());
          case "RUN_NOT_ACTIVE" -> notActive("run " + run);
          case "EXPERIMENT_NOT_ACTIVE" -> notActive("experiment " + experiment);
          case "PARAM_CONFLICT" ->
              MlflowException.refused(
                  "Changing param values is not allowed. Param with key='%s' was already logged with value='%s'. Attempted logging new value '%s'."
                      .formatted(
                          about.get("key"), about.get("stored_value"), about.get("new_value")));
          default -> null;
        });
  }

  static MlflowException runNotFound(String run) {
    return MlflowException.absent("Run with id=" + run + " not found");
  }

  static MlflowException loggedModelNotFound(String model) {
    return MlflowException.absent("Logged model with ID '" + model + "' not found.");
  }

  private static MlflowException notActive(String what) {
    return MlflowException.refused(
        "The " + what + " must be in the 'active' state. Current state is deleted.");
  }
}

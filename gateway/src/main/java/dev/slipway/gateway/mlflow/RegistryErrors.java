package dev.slipway.gateway.mlflow;

import dev.slipway.gateway.upstream.Outcome;
import java.util.Map;
import java.util.Optional;

/** Says in MLflow's words what the registry knows to be in the way. */
final class RegistryErrors {
  private RegistryErrors() {}

  /** Returns the answer; empty for a reason that has no words of its own. */
  static Optional<MlflowException> translate(Outcome outcome) {
    Map<String, String> about = outcome.about();
    return Optional.ofNullable(
        switch (outcome.reason()) {
          case "REGISTERED_MODEL_NOT_FOUND" ->
              MlflowException.absent(
                  "Registered Model with name=" + about.get("name") + " not found");
          case "MODEL_VERSION_NOT_FOUND" ->
              about.containsKey("version")
                  ? MlflowException.absent(
                      "Model Version (name=%s, version=%s) not found"
                          .formatted(about.get("name"), about.get("version")))
                  : null;
          case "WEBHOOK_NOT_FOUND" -> WebhookEndpoints.absent(about.get("webhook_id"));
          // Clients expect a wrong alias to be a wrong value, unlike a wrong model.
          case "MODEL_ALIAS_NOT_FOUND" -> MlflowException.refused(outcome.message());
          default -> null;
        });
  }
}

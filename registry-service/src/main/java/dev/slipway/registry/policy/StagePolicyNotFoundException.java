package dev.slipway.registry.policy;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.Stage;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;
import java.util.Optional;

/** Reports that there is no policy for a stage. */
public final class StagePolicyNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure; an absent name means all models. */
  public StagePolicyNotFoundException(Optional<ModelName> name, Stage stage) {
    super(
        ErrorKind.NOT_FOUND,
        "STAGE_POLICY_NOT_FOUND",
        "there is no policy for %s of %s"
            .formatted(stage, name.map(ModelName::value).orElse("all models")),
        Map.of("name", name.map(ModelName::value).orElse(""), "stage", stage.toString()));
  }
}

package dev.slipway.registry.version;

import dev.slipway.registry.model.ModelName;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that there is no version to roll back to. */
public final class NoPreviousHolderException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public NoPreviousHolderException(ModelName name, Stage stage) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "NO_PREVIOUS_HOLDER",
        "no earlier version that was in %s of %s exists; move one with TransitionStage"
            .formatted(stage, name),
        Map.of("name", name.value(), "stage", stage.toString()));
  }
}

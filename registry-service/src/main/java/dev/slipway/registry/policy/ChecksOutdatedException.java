package dev.slipway.registry.policy;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.Stage;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that policy or stage have changed while the checks of a move ran. */
public final class ChecksOutdatedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public ChecksOutdatedException(ModelName name, Stage stage) {
    super(
        ErrorKind.ABORTED,
        "STAGE_CHANGED",
        "%s of %s, or its policy, changed while the checks ran; try again".formatted(stage, name),
        Map.of("name", name.value(), "stage", stage.toString()));
  }
}

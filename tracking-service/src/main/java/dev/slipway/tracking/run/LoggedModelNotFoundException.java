package dev.slipway.tracking.run;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that there is no logged model with the id given. */
public final class LoggedModelNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public LoggedModelNotFoundException(String modelId) {
    super(
        ErrorKind.NOT_FOUND,
        "LOGGED_MODEL_NOT_FOUND",
        "there is no logged model with id " + modelId,
        Map.of("model_id", modelId));
  }
}

package dev.slipway.registry.version;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that the logged model of a source does not exist. */
public final class LoggedModelNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public LoggedModelNotFoundException(LoggedModelId id) {
    super(
        ErrorKind.NOT_FOUND,
        "LOGGED_MODEL_NOT_FOUND",
        "logged model " + id + " does not exist or is deleted",
        Map.of("model_id", id.value()));
  }
}

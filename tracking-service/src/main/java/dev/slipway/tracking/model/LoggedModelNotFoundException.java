package dev.slipway.tracking.model;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that there is no logged model with the id given, or that it is deleted. */
public final class LoggedModelNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private LoggedModelNotFoundException(LoggedModelId id, String message) {
    super(
        ErrorKind.NOT_FOUND, "LOGGED_MODEL_NOT_FOUND", message, Map.of("model_id", id.toString()));
  }

  /** Creates the failure for a model that does not exist. */
  public static LoggedModelNotFoundException absent(LoggedModelId id) {
    return new LoggedModelNotFoundException(id, "there is no logged model with id " + id);
  }

  /** Creates the failure for a model that is deleted. */
  public static LoggedModelNotFoundException deleted(LoggedModelId id) {
    return new LoggedModelNotFoundException(
        id, "the logged model with id " + id + " is deleted; restore it first");
  }
}

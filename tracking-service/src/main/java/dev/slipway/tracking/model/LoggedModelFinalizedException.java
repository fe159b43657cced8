package dev.slipway.tracking.model;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a logged model has another final status already. */
public final class LoggedModelFinalizedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public LoggedModelFinalizedException(LoggedModelId id, LoggedModelStatus status) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "LOGGED_MODEL_FINALIZED",
        "the logged model " + id + " has the final status " + status + "; log another model",
        Map.of("model_id", id.toString(), "status", status.name()));
  }
}

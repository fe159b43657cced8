package dev.slipway.tracking.run;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that the run id that a caller chose is taken. */
public final class RunAlreadyExistsException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public RunAlreadyExistsException(RunId id) {
    super(
        ErrorKind.ALREADY_EXISTS,
        "RUN_ALREADY_EXISTS",
        "a run with id " + id + " exists",
        Map.of("run_id", id.toString()));
  }
}

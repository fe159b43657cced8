package dev.slipway.tracking.run;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a run is deleted and so refuses writes. */
public final class RunNotActiveException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public RunNotActiveException(RunId id) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "RUN_NOT_ACTIVE",
        "run " + id + " is deleted; it must be in the 'active' state, restore it first",
        Map.of("run_id", id.toString()));
  }
}

package dev.slipway.tracking.run;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that there is no run with the id given. */
public final class RunNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public RunNotFoundException(RunId id) {
    super(
        ErrorKind.NOT_FOUND,
        "RUN_NOT_FOUND",
        "there is no run with id " + id,
        Map.of("run_id", id.toString()));
  }
}

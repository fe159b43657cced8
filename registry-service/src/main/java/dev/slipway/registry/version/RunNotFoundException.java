package dev.slipway.registry.version;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that the run of a source does not exist. */
public final class RunNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public RunNotFoundException(RunId runId) {
    super(
        ErrorKind.NOT_FOUND,
        "RUN_NOT_FOUND",
        "run " + runId + " does not exist",
        Map.of("run_id", runId.value()));
  }
}

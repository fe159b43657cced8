package dev.slipway.artifact.maintenance;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that a collection or a check is at work already, here or on another replica. */
public final class MaintenanceRunningException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public MaintenanceRunningException() {
    super(
        ErrorKind.ABORTED,
        "MAINTENANCE_RUNNING",
        "a garbage collection or a consistency check is already running; try again when it has"
            + " ended, or two minutes after its server died",
        Map.of());
  }
}

package dev.slipway.tracking.retention;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that this server removes objects for somebody else already. */
public final class PurgeRunningException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public PurgeRunningException() {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "PURGE_RUNNING",
        "another purge runs on this server; try again when it has ended",
        Map.of());
  }
}

package dev.slipway.registry.service;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.time.Duration;
import java.util.Map;

/**
 * Reports that a watcher reads its snapshot so slowly that the transaction which shows it is given
 * up.
 */
public final class SnapshotTooSlowException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public SnapshotTooSlowException(Duration limit, Duration stall) {
    super(
        ErrorKind.ABORTED,
        "SNAPSHOT_TOO_SLOW",
        "the snapshot was not read within %d seconds, or nothing of it for %d; start again"
            .formatted(limit.toSeconds(), stall.toSeconds()),
        Map.of());
  }
}

package dev.slipway.serving.execution;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.time.Duration;
import java.util.Map;

/** Reports that a version has as many requests waiting and running as it may. */
public final class QueueFullException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private final Duration retryDelay;

  QueueFullException(String version, int queued, int running, Duration retryDelay) {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "QUEUE_FULL",
        version
            + " has "
            + queued
            + " requests waiting and "
            + running
            + " running, as many as it may; try again later",
        Map.of("model_version", version));
    this.retryDelay = retryDelay;
  }

  /** Returns after how long another try is sensible. */
  public Duration retryDelay() {
    return retryDelay;
  }
}

package dev.slipway.tracking.metric;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a writer's newer connection has taken over. */
public final class WriterFencedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the failure.
   *
   * @param epoch the epoch of the connection that was fenced
   */
  public WriterFencedException(String writerId, long epoch) {
    super(
        ErrorKind.ABORTED,
        "WRITER_FENCED",
        "writer " + writerId + " has opened a newer stream; this one is over, do not open it again",
        Map.of("writer_id", writerId, "epoch", Long.toString(epoch)));
  }
}

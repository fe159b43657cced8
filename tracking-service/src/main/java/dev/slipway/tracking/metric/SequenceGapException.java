package dev.slipway.tracking.metric;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a stream left out a batch. */
public final class SequenceGapException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public SequenceGapException(long expected, long received) {
    super(
        ErrorKind.OUT_OF_RANGE,
        "SEQUENCE_GAP",
        "expected batch " + expected + " but received " + received + "; send from there again",
        Map.of("expected_seq", Long.toString(expected), "received_seq", Long.toString(received)));
  }
}

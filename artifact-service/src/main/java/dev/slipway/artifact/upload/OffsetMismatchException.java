package dev.slipway.artifact.upload;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that a chunk leaves a gap or repeats bytes. */
public final class OffsetMismatchException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public OffsetMismatchException(long expected, long received) {
    super(
        ErrorKind.OUT_OF_RANGE,
        "OFFSET_MISMATCH",
        "a chunk came at offset " + received + ", expected " + expected,
        Map.of("expected_offset", Long.toString(expected)));
  }
}

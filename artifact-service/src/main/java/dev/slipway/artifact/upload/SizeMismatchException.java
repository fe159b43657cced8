package dev.slipway.artifact.upload;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that more or fewer bytes came than were declared. */
public final class SizeMismatchException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public SizeMismatchException(long declared, long received) {
    super(
        ErrorKind.INVALID_ARGUMENT,
        "SIZE_MISMATCH",
        "size_bytes declared " + declared + ", but " + received + " bytes came",
        Map.of("declared", Long.toString(declared), "received", Long.toString(received)));
  }
}

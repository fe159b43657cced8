package dev.slipway.artifact.blob;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that a disk of the server or the store is full. */
public final class NoSpaceException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure with what the disk said, which is logged but not sent to the caller. */
  public NoSpaceException(Throwable cause) {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "NO_SPACE",
        "the store of artifacts is full; make room and try again",
        Map.of(),
        cause);
  }
}

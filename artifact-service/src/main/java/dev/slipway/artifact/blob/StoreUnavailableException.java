package dev.slipway.artifact.blob;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that the store of bytes does not answer, or refuses for a reason of its own. */
public final class StoreUnavailableException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure with what the store said, which is logged but not sent to the caller. */
  public StoreUnavailableException(Throwable cause) {
    super(
        ErrorKind.UNAVAILABLE,
        "STORE_UNAVAILABLE",
        "the store of artifacts does not answer; try again later",
        Map.of(),
        cause);
  }
}

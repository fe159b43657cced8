package dev.slipway.artifact.blob;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that as many files are on their way to the store as the server carries at a time. */
public final class StoreBusyException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public StoreBusyException() {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "STORE_BUSY",
        "too many files are on their way to the store of artifacts; try again soon",
        Map.of());
  }
}

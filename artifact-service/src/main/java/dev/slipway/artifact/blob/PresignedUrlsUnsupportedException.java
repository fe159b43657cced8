package dev.slipway.artifact.blob;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that clients cannot reach the bytes but through the service. */
public final class PresignedUrlsUnsupportedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the failure.
   *
   * @param instead the RPC to call instead
   */
  public PresignedUrlsUnsupportedException(String instead) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "PRESIGNED_URLS_UNSUPPORTED",
        "the store of artifacts is a folder, which has no URLs; use " + instead,
        Map.of());
  }
}

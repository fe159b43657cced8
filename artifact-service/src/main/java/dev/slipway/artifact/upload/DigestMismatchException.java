package dev.slipway.artifact.upload;

import dev.slipway.artifact.content.Sha256;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that the bytes that came do not have the declared digest. */
public final class DigestMismatchException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public DigestMismatchException(Sha256 declared, Sha256 received) {
    super(
        ErrorKind.INVALID_ARGUMENT,
        "DIGEST_MISMATCH",
        "sha256 declared " + declared + ", but the bytes that came have " + received,
        Map.of("declared", declared.hex(), "received", received.hex()));
  }
}

package dev.slipway.artifact.content;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that the store has lost or changed bytes that it had. */
public final class ContentDamagedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public ContentDamagedException(Sha256 sha256, String detail) {
    super(
        ErrorKind.DATA_LOSS,
        "CONTENT_DAMAGED",
        "the store has lost or changed the content "
            + sha256
            + " ("
            + detail
            + "); upload the file again",
        Map.of("sha256", sha256.hex()));
  }
}

package dev.slipway.artifact.store;

import dev.slipway.artifact.content.Sha256;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/**
 * Says that a collection has removed content between the look at its bytes and the row that was to
 * name it. Whoever has the bytes stores them again; callers see it only when that happens over and
 * over.
 */
public final class ContentRemovedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the content concerned. */
  public ContentRemovedException(Sha256 sha256) {
    super(
        ErrorKind.UNAVAILABLE,
        "STORE_UNAVAILABLE",
        "a garbage collection is just removing the content " + sha256 + "; try again later",
        Map.of("sha256", sha256.hex()));
  }
}

package dev.slipway.artifact.content;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that a snapshot would have more files than a manifest may have. */
public final class TooManyFilesException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public TooManyFilesException(ArtifactPath path, long limit) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "TOO_MANY_FILES",
        "there are more than " + limit + " files below " + path + "; snapshot its parts",
        Map.of("path", path.value(), "limit", Long.toString(limit)));
  }
}

package dev.slipway.artifact.content;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that a path that was to be a file is a directory. */
public final class PathIsDirectoryException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public PathIsDirectoryException(ArtifactPath path) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "PATH_IS_A_DIRECTORY",
        path + " is a directory; name a file",
        Map.of("path", path.value()));
  }
}

package dev.slipway.registry.version;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a package has more files than the artifact service freezes. */
public final class PackageTooLargeException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public PackageTooLargeException(String path) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "PACKAGE_TOO_LARGE",
        "there are too many files below " + path + "; name the folder of the package alone",
        Map.of("path", path));
  }
}

package dev.slipway.registry.version;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that there are no files where a package should be. */
public final class PackageNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public PackageNotFoundException(String path) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "PACKAGE_NOT_FOUND",
        "there are no files below " + path + " in the artifact service; upload the package first",
        Map.of("path", path));
  }
}

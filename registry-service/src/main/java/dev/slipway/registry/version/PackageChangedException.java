package dev.slipway.registry.version;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that the files of another version are not what they were when it was registered. */
public final class PackageChangedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public PackageChangedException(String path) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "PACKAGE_CHANGED",
        "the files below "
            + path
            + " have changed since that version was registered; register the folder itself",
        Map.of("path", path));
  }
}

package dev.slipway.serving.upstream;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a package cannot be fetched at the moment; another try may succeed. */
public final class PackageUnavailableException extends ServiceException {
  private static final long serialVersionUID = 1L;

  PackageUnavailableException(String digest, String problem, Throwable cause) {
    super(
        ErrorKind.UNAVAILABLE,
        "MODEL_PACKAGE_UNAVAILABLE",
        "the package " + digest + " cannot be fetched at the moment: " + problem,
        Map.of("package_digest", digest),
        cause);
  }
}

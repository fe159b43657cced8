package dev.slipway.serving.upstream;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/**
 * Reports that a package, or a file of it, does not exist in the artifact service, or is not what
 * its digest says.
 */
public final class PackageMissingException extends ServiceException {
  private static final long serialVersionUID = 1L;

  PackageMissingException(String digest, String problem) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "MODEL_PACKAGE_MISSING",
        "the package " + digest + " cannot be served: " + problem,
        Map.of("package_digest", digest));
  }
}

package dev.slipway.serving.rpc;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.VersionKey;
import java.util.Map;

/** Reports that there is nothing to measure. */
final class VersionNotLoadedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  VersionNotLoadedException(VersionKey key) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "VERSION_NOT_LOADED",
        "version "
            + key.version()
            + " of model "
            + key.model()
            + " is not loaded, so there is nothing to measure; load it first",
        Map.of("model", key.model(), "version", Long.toString(key.version())));
  }
}

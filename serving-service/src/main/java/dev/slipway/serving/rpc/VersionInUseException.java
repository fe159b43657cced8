package dev.slipway.serving.rpc;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.VersionKey;
import java.util.Map;

/** Reports that a version answers for a stage and was not unloaded. */
final class VersionInUseException extends ServiceException {
  private static final long serialVersionUID = 1L;

  VersionInUseException(VersionKey key) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "VERSION_IN_USE",
        key + " answers for a stage; set force to unload it all the same",
        Map.of("model", key.model(), "version", Long.toString(key.version())));
  }
}

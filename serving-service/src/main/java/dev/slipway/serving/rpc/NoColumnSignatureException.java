package dev.slipway.serving.rpc;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.VersionKey;
import java.util.Map;

/** Reports that a data frame was sent to a version whose signature has no columns. */
final class NoColumnSignatureException extends ServiceException {
  private static final long serialVersionUID = 1L;

  NoColumnSignatureException(VersionKey key) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "NO_COLUMN_SIGNATURE",
        "the signature of " + key + " has no columns; send tensors",
        Map.of("model", key.model(), "version", Long.toString(key.version())));
  }
}

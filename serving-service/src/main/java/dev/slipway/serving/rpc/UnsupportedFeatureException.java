package dev.slipway.serving.rpc;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a request asks for a feature that this server does not offer. */
final class UnsupportedFeatureException extends ServiceException {
  private static final long serialVersionUID = 1L;

  UnsupportedFeatureException(String reason, String field, String message) {
    super(ErrorKind.UNIMPLEMENTED, reason, field + ": " + message, Map.of("field", field));
  }
}

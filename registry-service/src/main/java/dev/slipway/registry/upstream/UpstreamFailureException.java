package dev.slipway.registry.upstream;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that another service answered in a way that is not foreseen. */
public final class UpstreamFailureException extends ServiceException {
  private static final long serialVersionUID = 1L;

  UpstreamFailureException(String service, Throwable cause) {
    super(
        ErrorKind.INTERNAL,
        "UPSTREAM_FAILURE",
        "the " + service + " service failed; the server's log has the details",
        Map.of("service", service),
        cause);
  }
}

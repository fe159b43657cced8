package dev.slipway.registry.upstream;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Locale;
import java.util.Map;

/**
 * Reports that a service which is needed for a call does not answer; the same call may succeed
 * later.
 */
public final class UpstreamUnavailableException extends ServiceException {
  private static final long serialVersionUID = 1L;

  UpstreamUnavailableException(String service, Throwable cause) {
    this(service, "does not answer", cause);
  }

  UpstreamUnavailableException(String service, String what, Throwable cause) {
    super(
        ErrorKind.UNAVAILABLE,
        service.toUpperCase(Locale.ROOT) + "_SERVICE_UNAVAILABLE",
        "the " + service + " service " + what + "; try again later",
        Map.of("service", service),
        cause);
  }
}

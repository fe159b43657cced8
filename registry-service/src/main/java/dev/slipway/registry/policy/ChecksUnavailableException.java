package dev.slipway.registry.policy;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Locale;
import java.util.Map;

/** Reports that checks could not be run; the same move may succeed later. */
public final class ChecksUnavailableException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the failure.
   *
   * @param service the service that a check asks: {@code serving}
   * @param description which checks, and what hindered them
   */
  public ChecksUnavailableException(String service, String description) {
    super(
        ErrorKind.UNAVAILABLE,
        service.toUpperCase(Locale.ROOT) + "_SERVICE_UNAVAILABLE",
        "checks could not be run: " + description + "; try again later",
        Map.of("service", service));
  }
}

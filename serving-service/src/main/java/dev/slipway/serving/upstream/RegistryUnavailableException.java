package dev.slipway.serving.upstream;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that the registry could not be asked to keep something; another try may succeed. */
public final class RegistryUnavailableException extends ServiceException {
  private static final long serialVersionUID = 1L;

  RegistryUnavailableException(String code) {
    super(
        ErrorKind.UNAVAILABLE,
        "REGISTRY_UNAVAILABLE",
        "the registry cannot be reached at the moment: it answers " + code,
        Map.of());
  }
}

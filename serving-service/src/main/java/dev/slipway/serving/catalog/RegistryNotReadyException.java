package dev.slipway.serving.catalog;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that this server has not yet heard from the registry, so it knows no model. */
public final class RegistryNotReadyException extends ServiceException {
  private static final long serialVersionUID = 1L;

  RegistryNotReadyException() {
    super(
        ErrorKind.UNAVAILABLE,
        "REGISTRY_NOT_READY",
        "this server has not yet heard from the registry; try again shortly",
        Map.of());
  }
}

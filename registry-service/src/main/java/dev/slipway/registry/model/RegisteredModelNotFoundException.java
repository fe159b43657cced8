package dev.slipway.registry.model;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that there is no model of a name. */
public final class RegisteredModelNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public RegisteredModelNotFoundException(ModelName name) {
    super(
        ErrorKind.NOT_FOUND,
        "REGISTERED_MODEL_NOT_FOUND",
        "registered model " + name + " does not exist; create it first",
        Map.of("name", name.value()));
  }
}

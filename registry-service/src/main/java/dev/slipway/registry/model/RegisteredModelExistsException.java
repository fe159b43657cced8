package dev.slipway.registry.model;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a name is taken. */
public final class RegisteredModelExistsException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public RegisteredModelExistsException(ModelName name) {
    super(
        ErrorKind.ALREADY_EXISTS,
        "REGISTERED_MODEL_EXISTS",
        "registered model " + name + " exists already; add a version to it or choose another name",
        Map.of("name", name.value()));
  }
}

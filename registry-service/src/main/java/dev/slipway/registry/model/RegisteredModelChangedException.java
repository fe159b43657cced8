package dev.slipway.registry.model;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a model has changed since the caller looked. */
public final class RegisteredModelChangedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure for a model that is at another revision than expected. */
  public RegisteredModelChangedException(ModelName name, long expected, long actual) {
    super(
        ErrorKind.ABORTED,
        "REGISTERED_MODEL_CHANGED",
        "registered model %s is at revision %d, not %d; read it again and decide anew"
            .formatted(name, actual, expected),
        Map.of(
            "expected_revision", Long.toString(expected),
            "actual_revision", Long.toString(actual)));
  }
}

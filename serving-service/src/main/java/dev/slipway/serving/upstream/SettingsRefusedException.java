package dev.slipway.serving.upstream;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/**
 * Reports that the registry does not keep a model's settings, as when the model is gone or has too
 * many tags.
 */
public final class SettingsRefusedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  SettingsRefusedException(String model, String reason) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "SETTINGS_REFUSED",
        "the registry does not keep settings of model " + model + ": " + reason,
        Map.of("model", model));
  }
}

package dev.slipway.serving.model;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that as many validations run as may. */
public final class TooManyValidationsException extends ServiceException {
  private static final long serialVersionUID = 1L;

  TooManyValidationsException(int most) {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "TOO_MANY_VALIDATIONS",
        most + " validations are running, as many as may; try again when one has ended",
        Map.of());
  }
}

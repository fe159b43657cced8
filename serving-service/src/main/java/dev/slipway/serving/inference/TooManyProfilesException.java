package dev.slipway.serving.inference;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that as many profiles are being taken as may. */
public final class TooManyProfilesException extends ServiceException {
  private static final long serialVersionUID = 1L;

  TooManyProfilesException(int most) {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "TOO_MANY_PROFILES",
        most + " profiles are being taken, as many as may; try again when one has ended",
        Map.of());
  }
}

package dev.slipway.registry.version;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a registration took so long that its files were let go. */
public final class RegistrationAbandonedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public RegistrationAbandonedException() {
    super(
        ErrorKind.ABORTED,
        "REGISTRATION_ABANDONED",
        "reading the package took so long that its files were let go; try again",
        Map.of());
  }
}

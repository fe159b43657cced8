package dev.slipway.registry.request;

import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that the same move has been asked for, and is not decided yet. */
public final class TransitionRequestExistsException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public TransitionRequestExistsException(
      TransitionRequestId existing, VersionNumber version, Stage stage) {
    super(
        ErrorKind.ALREADY_EXISTS,
        "TRANSITION_REQUEST_EXISTS",
        "transition request %s for version %s and %s is open; decide or cancel it first"
            .formatted(existing, version, stage),
        Map.of("transition_request_id", existing.value()));
  }
}

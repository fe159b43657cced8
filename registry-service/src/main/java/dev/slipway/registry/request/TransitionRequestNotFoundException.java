package dev.slipway.registry.request;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that there is no transition request of an id, or that its version was deleted. */
public final class TransitionRequestNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public TransitionRequestNotFoundException(TransitionRequestId id) {
    super(
        ErrorKind.NOT_FOUND,
        "TRANSITION_REQUEST_NOT_FOUND",
        "transition request " + id + " does not exist; its version may have been deleted",
        Map.of("transition_request_id", id.value()));
  }
}

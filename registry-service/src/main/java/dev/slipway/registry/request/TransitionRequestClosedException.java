package dev.slipway.registry.request;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Locale;
import java.util.Map;

/** Reports that a transition request cannot be decided any more. */
public final class TransitionRequestClosedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public TransitionRequestClosedException(TransitionRequestId id, TransitionRequestState state) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "TRANSITION_REQUEST_CLOSED",
        "transition request %s is %s; make a new one"
            .formatted(id, state.name().toLowerCase(Locale.ROOT)),
        Map.of("transition_request_id", id.value(), "state", state.name()));
  }
}

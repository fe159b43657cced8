package dev.slipway.registry.request;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that somebody else made a transition request. */
public final class NotTheRequesterException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public NotTheRequesterException(TransitionRequestId id, String requester) {
    super(
        ErrorKind.PERMISSION_DENIED,
        "NOT_THE_REQUESTER",
        "transition request %s can be cancelled by %s alone; reject it instead"
            .formatted(id, requester),
        Map.of("transition_request_id", id.value(), "requested_by", requester));
  }
}

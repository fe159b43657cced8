package dev.slipway.registry.policy;

import dev.slipway.registry.version.Stage;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that whoever made a request cannot approve it. */
public final class SelfApprovalException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public SelfApprovalException(Stage stage) {
    super(
        ErrorKind.PERMISSION_DENIED,
        "SELF_APPROVAL",
        "somebody else than the requester must approve a move into " + stage,
        Map.of("stage", stage.toString()));
  }
}

package dev.slipway.registry.policy;

import dev.slipway.registry.version.Stage;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that versions enter a stage only by an approved request. */
public final class ApprovalRequiredException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public ApprovalRequiredException(Stage stage, int approvals) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "APPROVAL_REQUIRED",
        "moving a version into %s takes a transition request with %d approval%s; make one with CreateTransitionRequest"
            .formatted(stage, approvals, approvals == 1 ? "" : "s"),
        Map.of("stage", stage.toString(), "required_approvals", Integer.toString(approvals)));
  }
}

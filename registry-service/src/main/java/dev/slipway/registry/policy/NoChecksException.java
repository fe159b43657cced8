package dev.slipway.registry.policy;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.Stage;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that nothing is checked where a move asks that something is. */
public final class NoChecksException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public NoChecksException(ModelName name, Stage stage) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "NO_CHECKS",
        "no check guards %s of %s; set some with SetStagePolicy, or move without require_checks"
            .formatted(stage, name),
        Map.of("name", name.value(), "stage", stage.toString()));
  }
}

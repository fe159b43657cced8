package dev.slipway.tracking.experiment;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that an experiment to be restored is not deleted. */
public final class ExperimentNotDeletedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public ExperimentNotDeletedException(ExperimentId id) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "EXPERIMENT_NOT_DELETED",
        "experiment " + id + " is not deleted, so there is nothing to restore",
        Map.of("experiment_id", id.toString()));
  }
}

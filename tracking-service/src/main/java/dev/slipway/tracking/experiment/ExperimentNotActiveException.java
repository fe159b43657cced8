package dev.slipway.tracking.experiment;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that an experiment is deleted and so refuses the call. */
public final class ExperimentNotActiveException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public ExperimentNotActiveException(ExperimentId id) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "EXPERIMENT_NOT_ACTIVE",
        "experiment " + id + " is deleted; it must be in the 'active' state, restore it first",
        Map.of("experiment_id", id.toString()));
  }
}

package dev.slipway.tracking.experiment;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that an experiment name is taken, possibly by a deleted experiment. */
public final class ExperimentAlreadyExistsException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public ExperimentAlreadyExistsException(String name) {
    super(
        ErrorKind.ALREADY_EXISTS,
        "EXPERIMENT_ALREADY_EXISTS",
        "an experiment named " + name + " exists; names of deleted experiments stay taken",
        Map.of("name", name));
  }
}

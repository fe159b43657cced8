package dev.slipway.tracking.experiment;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that there is no experiment with the id or name given. */
public final class ExperimentNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public ExperimentNotFoundException(String field, String value) {
    super(
        ErrorKind.NOT_FOUND,
        "EXPERIMENT_NOT_FOUND",
        "there is no experiment with " + field + " " + value,
        Map.of(field, value));
  }
}

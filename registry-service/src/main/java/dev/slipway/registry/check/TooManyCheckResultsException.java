package dev.slipway.registry.check;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a version has verdicts of as many checks as it can. */
public final class TooManyCheckResultsException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public TooManyCheckResultsException(ModelName name, VersionNumber number, int limit) {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "TOO_MANY_CHECK_RESULTS",
        "version %s of %s has verdicts of %d checks already; report under one of their names"
            .formatted(number, name, limit),
        Map.of("limit", Integer.toString(limit)));
  }
}

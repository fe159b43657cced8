package dev.slipway.serving.model;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.VersionKey;
import java.util.Map;

/** Reports that a version cannot be loaded, and that another try would fail the same way. */
public final class ModelLoadFailedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  ModelLoadFailedException(VersionKey key, String problem) {
    this(key, problem, null);
  }

  ModelLoadFailedException(VersionKey key, String problem, Throwable cause) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "MODEL_LOAD_FAILED",
        "version " + key.version() + " of model " + key.model() + " cannot be loaded: " + problem,
        Map.of("model", key.model(), "version", Long.toString(key.version())),
        cause);
  }
}

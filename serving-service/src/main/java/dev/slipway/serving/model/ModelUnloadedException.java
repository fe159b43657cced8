package dev.slipway.serving.model;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.VersionKey;
import java.util.Map;

/** Reports that a version was let go while it was being loaded, or that the server stops. */
public final class ModelUnloadedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public ModelUnloadedException(VersionKey key) {
    super(
        ErrorKind.UNAVAILABLE,
        "MODEL_UNLOADED",
        "version "
            + key.version()
            + " of model "
            + key.model()
            + " was unloaded while it was being loaded; try again",
        Map.of("model", key.model(), "version", Long.toString(key.version())));
  }
}

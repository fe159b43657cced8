package dev.slipway.registry.model;

import dev.slipway.registry.version.VersionNumber;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a model is not deleted because one of its versions serves users. */
public final class ModelInProductionException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public ModelInProductionException(ModelName name, VersionNumber version) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "MODEL_IN_PRODUCTION",
        "version %s of %s is in Production; archive it first, or set force"
            .formatted(version, name),
        Map.of("name", name.value(), "version", version.toString()));
  }
}

package dev.slipway.registry.version;

import dev.slipway.registry.model.ModelName;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a version is not deleted because it serves users. */
public final class VersionInProductionException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public VersionInProductionException(ModelName name, VersionNumber version) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "VERSION_IN_PRODUCTION",
        "version %s of %s is in Production; archive it first, or set force"
            .formatted(version, name),
        Map.of("name", name.value(), "version", version.toString()));
  }
}

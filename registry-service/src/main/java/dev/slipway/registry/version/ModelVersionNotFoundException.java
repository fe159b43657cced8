package dev.slipway.registry.version;

import dev.slipway.registry.model.ModelName;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a model has no such version. */
public final class ModelVersionNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure for a version by number. */
  public ModelVersionNotFoundException(ModelName name, VersionNumber version) {
    super(
        ErrorKind.NOT_FOUND,
        "MODEL_VERSION_NOT_FOUND",
        "registered model %s has no version %s".formatted(name, version),
        Map.of("name", name.value(), "version", version.toString()));
  }

  /** Creates the failure for the latest version of a model that has none. */
  public ModelVersionNotFoundException(ModelName name) {
    super(
        ErrorKind.NOT_FOUND,
        "MODEL_VERSION_NOT_FOUND",
        "registered model %s has no version yet; register one".formatted(name),
        Map.of("name", name.value()));
  }
}

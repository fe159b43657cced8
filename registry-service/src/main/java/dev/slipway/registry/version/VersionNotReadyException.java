package dev.slipway.registry.version;

import dev.slipway.registry.model.ModelName;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a version cannot change its stage because its package was not read. */
public final class VersionNotReadyException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public VersionNotReadyException(
      ModelName name, VersionNumber version, ModelVersionState state, String stateReason) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "VERSION_NOT_READY",
        "version %s of %s is %s; %s"
            .formatted(
                version,
                name,
                state,
                state == ModelVersionState.PENDING ? "finalize it first" : stateReason),
        Map.of("name", name.value(), "version", version.toString(), "state", state.name()));
  }
}

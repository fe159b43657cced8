package dev.slipway.artifact.content;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that a path that was to be new has an artifact. */
public final class ArtifactAlreadyExistsException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public ArtifactAlreadyExistsException(ArtifactPath path) {
    super(
        ErrorKind.ALREADY_EXISTS,
        "ARTIFACT_ALREADY_EXISTS",
        "there is already an artifact at "
            + path
            + "; choose another path, or upload without create_only",
        Map.of("path", path.value()));
  }
}

package dev.slipway.artifact.content;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that there is nothing at a path, or no content of a digest. */
public final class ArtifactNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure for a path. */
  public ArtifactNotFoundException(ArtifactPath path) {
    super(
        ErrorKind.NOT_FOUND,
        "ARTIFACT_NOT_FOUND",
        "there is no artifact at " + path,
        Map.of("path", path.value()));
  }

  /** Creates the failure for content. */
  public ArtifactNotFoundException(Sha256 sha256) {
    super(
        ErrorKind.NOT_FOUND,
        "ARTIFACT_NOT_FOUND",
        "there is no content " + sha256,
        Map.of("sha256", sha256.hex()));
  }
}

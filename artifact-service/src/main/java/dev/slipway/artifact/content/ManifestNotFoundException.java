package dev.slipway.artifact.content;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that no manifest of a digest is recorded. */
public final class ManifestNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public ManifestNotFoundException(Sha256 digest) {
    super(
        ErrorKind.NOT_FOUND,
        "MANIFEST_NOT_FOUND",
        "no manifest " + digest + " is recorded",
        Map.of("digest", digest.hex()));
  }
}

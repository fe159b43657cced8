package dev.slipway.artifact.content;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that a directory of a path is itself an artifact. */
public final class ParentIsFileException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public ParentIsFileException(ArtifactPath parent) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "PARENT_IS_A_FILE",
        parent + " is a file, so nothing can lie below it",
        Map.of("path", parent.value()));
  }
}

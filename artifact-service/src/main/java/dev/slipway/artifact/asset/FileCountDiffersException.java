package dev.slipway.artifact.asset;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that what is to be pushed has more or less files than whoever uploaded them knows of. */
public final class FileCountDiffersException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public FileCountDiffersException(ArtifactPath path, long expected, long present) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "FILE_COUNT_DIFFERS",
        "there are " + present + " files at " + path + " instead of " + expected + "; upload again",
        Map.of(
            "path",
            path.value(),
            "expected",
            Long.toString(expected),
            "present",
            Long.toString(present)));
  }
}

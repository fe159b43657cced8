package dev.slipway.artifact.asset;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that there is no version after one. */
public final class VersionNumbersExhaustedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public VersionNumbersExhaustedException(VersionNumber version) {
    super(
        ErrorKind.OUT_OF_RANGE,
        "VERSION_NUMBERS_EXHAUSTED",
        "there is no number after version " + version,
        Map.of("version", version.toString()));
  }
}

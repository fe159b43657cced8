package dev.slipway.registry.version;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that stages have changed since the caller looked. */
public final class StageChangedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private StageChangedException(String message, Map<String, String> metadata) {
    super(
        ErrorKind.ABORTED, "STAGE_CHANGED", message + "; read it again and decide anew", metadata);
  }

  /** Returns the failure for a version that is in another stage than expected. */
  public static StageChangedException ofVersion(
      VersionNumber version, Stage expected, Stage actual) {
    return new StageChangedException(
        "version %s is in %s, not in %s".formatted(version, actual, expected),
        Map.of("expected_stage", expected.toString(), "actual_stage", actual.toString()));
  }

  /** Returns the failure for a stage that another version holds than expected. */
  public static StageChangedException ofStage(Stage stage, VersionNumber expected, String actual) {
    return new StageChangedException(
        "%s is held by %s, not by version %s".formatted(stage, actual, expected),
        Map.of("stage", stage.toString(), "expected_version", expected.toString()));
  }
}

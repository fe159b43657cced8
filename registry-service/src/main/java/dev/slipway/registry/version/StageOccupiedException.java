package dev.slipway.registry.version;

import dev.slipway.registry.model.ModelName;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Reports that versions hold an exclusive stage. */
public final class StageOccupiedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private StageOccupiedException(
      String message, ModelName name, Stage stage, List<VersionNumber> holders) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "STAGE_OCCUPIED",
        message,
        Map.of("name", name.value(), "stage", stage.toString(), "holder_version", text(holders)));
  }

  /** Returns the failure of a move into a stage that other versions hold. */
  public static StageOccupiedException byOthers(
      ModelName name, Stage stage, List<VersionNumber> holders) {
    return new StageOccupiedException(
        "version %s of %s is in %s; set archive_existing_versions to archive it in the same step, or move it away first"
            .formatted(text(holders), name, stage),
        name,
        stage,
        holders);
  }

  /** Returns the failure to allow a stage one version while it holds several. */
  public static StageOccupiedException bySeveral(
      ModelName name, Stage stage, List<VersionNumber> holders) {
    return new StageOccupiedException(
        "versions %s of %s are in %s, which would have room for one; move the others away first"
            .formatted(text(holders), name, stage),
        name,
        stage,
        holders);
  }

  private static String text(List<VersionNumber> holders) {
    return holders.stream().map(VersionNumber::toString).collect(Collectors.joining(", "));
  }
}

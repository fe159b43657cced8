package dev.slipway.registry.version;

import dev.slipway.registry.model.ModelName;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that another version holds an exclusive stage. */
public final class StageOccupiedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public StageOccupiedException(ModelName name, Stage stage, VersionNumber holder) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "STAGE_OCCUPIED",
        "version %s of %s is in %s; set archive_existing_versions to archive it in the same step, or move it away first"
            .formatted(holder, name, stage),
        Map.of(
            "name", name.value(), "stage", stage.toString(), "holder_version", holder.toString()));
  }
}

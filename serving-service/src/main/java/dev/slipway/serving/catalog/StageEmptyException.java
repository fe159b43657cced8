package dev.slipway.serving.catalog;

import dev.slipway.runtime.error.ErrorKind;
import java.util.Map;

/** Reports that no version is in the stage asked for; names what there is. */
public final class StageEmptyException extends NotInCatalogException {
  private static final long serialVersionUID = 1L;

  StageEmptyException(CatalogModel model, Stage stage) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "STAGE_EMPTY",
        "model "
            + model.name()
            + " has no version in stage "
            + stage.text()
            + ": "
            + model.inventory()
            + "; move one there, or ask for a version",
        Map.of("model", model.name(), "stage", stage.text()));
  }
}

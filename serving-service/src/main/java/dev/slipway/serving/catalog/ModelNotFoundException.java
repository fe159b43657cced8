package dev.slipway.serving.catalog;

import dev.slipway.runtime.error.ErrorKind;
import java.util.List;
import java.util.Map;

/** Reports that no model has the name; names similar ones. */
public final class ModelNotFoundException extends NotInCatalogException {
  private static final long serialVersionUID = 1L;

  ModelNotFoundException(String model, List<String> closest) {
    super(
        ErrorKind.NOT_FOUND,
        "MODEL_NOT_FOUND",
        "there is no model " + model + hint(closest),
        closest.isEmpty()
            ? Map.of("model", model)
            : Map.of("model", model, "closest", String.join(", ", closest)));
  }

  private static String hint(List<String> closest) {
    return closest.isEmpty() ? "" : "; did you mean " + String.join(" or ", closest) + "?";
  }
}

package dev.slipway.registry.version;

import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;
import java.util.stream.Collectors;

/** Reports that no version is in a stage. */
public final class StageEmptyException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure, naming what the model has instead. */
  public StageEmptyException(RegisteredModel model, Stage stage) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "STAGE_EMPTY",
        "registered model %s has no version in %s; %s"
            .formatted(model.name(), stage, describe(model)),
        Map.of("name", model.name().value(), "stage", stage.toString()));
  }

  private static String describe(RegisteredModel model) {
    return model.latestVersions().isEmpty()
        ? "it has no version at all"
        : "it has "
            + model.latestVersions().stream()
                .map(at -> "version %s in %s".formatted(at.version(), at.stage()))
                .collect(Collectors.joining(", "))
            + "; move one with TransitionStage or ask for another";
  }
}

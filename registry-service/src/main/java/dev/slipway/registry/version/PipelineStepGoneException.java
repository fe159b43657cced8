package dev.slipway.registry.version;

import dev.slipway.registry.model.ModelName;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a step was deleted or renamed while the pipeline that runs it was registered. */
public final class PipelineStepGoneException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public PipelineStepGoneException(String step, ModelName model, VersionNumber version) {
    super(
        ErrorKind.ABORTED,
        "PIPELINE_STEP_GONE",
        "step %s runs models:/%s/%s, which was deleted or renamed while the pipeline was checked"
            .formatted(step, model, version),
        Map.of("step", step, "name", model.value(), "version", version.toString()));
  }
}

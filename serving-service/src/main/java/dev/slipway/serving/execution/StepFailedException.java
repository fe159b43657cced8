package dev.slipway.serving.execution;

import dev.slipway.runtime.error.FieldViolation;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.ServiceException;
import java.util.HashMap;
import java.util.Map;

/** Reports which step of a pipeline failed, with the kind and the reason of the step's failure. */
public final class StepFailedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private StepFailedException(String version, String step, ServiceException cause) {
    super(
        cause.kind(),
        cause.reason(),
        "step \"" + step + "\" of " + version + ": " + cause.getMessage(),
        metadata(version, step, cause),
        cause);
  }

  private static Map<String, String> metadata(String version, String step, ServiceException cause) {
    Map<String, String> metadata = new HashMap<>(cause.metadata());
    metadata.put("pipeline_version", version);
    metadata.merge("pipeline_step", step, (inner, outer) -> outer + "/" + inner);
    return metadata;
  }

  /**
   * Returns the failure of a pipeline's request: an overload stays one with a time to try again,
   * and violations say in which step.
   */
  static ServiceException of(String version, String step, ServiceException cause) {
    if (cause instanceof QueueFullException full) {
      return full.inStep(version, step);
    }
    if (cause instanceof InvalidRequestException invalid) {
      return new InvalidRequestException(
          invalid.violations().stream()
              .map(
                  violation ->
                      new FieldViolation(
                          "steps." + step + "." + violation.field(), violation.description()))
              .toList());
    }
    return new StepFailedException(version, step, cause);
  }
}

package dev.slipway.registry.model;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.List;
import java.util.Map;

/** Reports that a model keeps its name because the packages of pipelines name it. */
public final class ModelInPipelinesException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the failure.
   *
   * @param pipelines some of them, at least one, each as {@code NAME/VERSION}
   */
  public ModelInPipelinesException(ModelName name, List<String> pipelines) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "MODEL_IN_PIPELINES",
        ("registered model %s is not renamed: pipelines run versions of it by this name, among them"
                + " %s; delete those first")
            .formatted(name, String.join(", ", pipelines)),
        Map.of("name", name.value(), "pipelines", String.join(",", pipelines)));
  }
}

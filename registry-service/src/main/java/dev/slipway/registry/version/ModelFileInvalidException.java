package dev.slipway.registry.version;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that an {@code MLmodel} file is too large or cannot be read as one. */
public final class ModelFileInvalidException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public ModelFileInvalidException(String where, String why, Throwable cause) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "MODEL_FILE_INVALID",
        "the MLmodel file in %s cannot be used: %s".formatted(where, why),
        Map.of("source", where),
        cause);
  }
}

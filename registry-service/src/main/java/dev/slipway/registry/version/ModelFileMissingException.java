package dev.slipway.registry.version;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a package has no {@code MLmodel} file. */
public final class ModelFileMissingException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public ModelFileMissingException(String where) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "MODEL_FILE_MISSING",
        "there is no MLmodel file in "
            + where
            + "; save the model with one, or set allow_missing_model_file",
        Map.of("source", where));
  }
}

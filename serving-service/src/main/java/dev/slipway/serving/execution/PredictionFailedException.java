package dev.slipway.serving.execution;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that the model itself failed on a request that its signature allows. */
public final class PredictionFailedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  PredictionFailedException(String version, String problem, Throwable cause) {
    super(
        ErrorKind.INTERNAL,
        "PREDICTION_FAILED",
        version + " failed on the request: " + problem,
        Map.of("model_version", version),
        cause);
  }
}

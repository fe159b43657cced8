package dev.slipway.serving.execution;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that what computes for a version, a process or a server, is away at the moment. */
public final class EngineAwayException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public EngineAwayException(String version, String problem, Throwable cause) {
    super(
        ErrorKind.UNAVAILABLE,
        "ENGINE_UNAVAILABLE",
        version + " cannot answer now: " + problem,
        Map.of("model_version", version),
        cause);
  }
}

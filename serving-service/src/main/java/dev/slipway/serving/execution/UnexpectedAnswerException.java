package dev.slipway.serving.execution;

import dev.slipway.engine.error.UnexpectedOutputException;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that an engine answered something else than its model declares; nobody is given it. */
public final class UnexpectedAnswerException extends ServiceException {
  private static final long serialVersionUID = 1L;

  UnexpectedAnswerException(String version, UnexpectedOutputException cause) {
    super(
        ErrorKind.INTERNAL,
        "UNEXPECTED_OUTPUT",
        version + " does not answer as it declares: " + cause.getMessage(),
        Map.of(
            "model_version",
            version,
            "output",
            cause.output(),
            "expected",
            cause.expected(),
            "found",
            cause.found()),
        cause);
  }
}

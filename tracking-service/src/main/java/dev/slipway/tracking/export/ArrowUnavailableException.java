package dev.slipway.tracking.export;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that the JVM keeps Arrow from the memory that it works in. */
final class ArrowUnavailableException extends ServiceException {
  private static final long serialVersionUID = 1L;

  ArrowUnavailableException() {
    super(
        ErrorKind.UNIMPLEMENTED,
        "ARROW_UNAVAILABLE",
        "this server was not started with --add-opens=java.base/java.nio=ALL-UNNAMED, which Arrow"
            + " needs; ask for CSV, or start it with the slipway command",
        Map.of());
  }
}

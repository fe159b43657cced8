package dev.slipway.registry.version;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a source cannot be turned into a folder of the artifact service. */
public final class SourceNotResolvableException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public SourceNotResolvableException(String source, String why) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "SOURCE_NOT_RESOLVABLE",
        source + " cannot be resolved: " + why,
        Map.of("source", source));
  }
}

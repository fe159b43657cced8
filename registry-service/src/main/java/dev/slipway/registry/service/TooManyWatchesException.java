package dev.slipway.registry.service;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a server has no room for another watch. */
public final class TooManyWatchesException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public TooManyWatchesException(int limit) {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "TOO_MANY_WATCHES",
        "this server follows the registry for " + limit + " watchers already; try another replica",
        Map.of("limit", Integer.toString(limit)));
  }
}

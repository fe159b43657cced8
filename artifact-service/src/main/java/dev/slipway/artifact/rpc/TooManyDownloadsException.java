package dev.slipway.artifact.rpc;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that as many downloads are open as the server carries at a time. */
final class TooManyDownloadsException extends ServiceException {
  private static final long serialVersionUID = 1L;

  TooManyDownloadsException(int limit) {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "TOO_MANY_DOWNLOADS",
        "the server has " + limit + " downloads open, which is all it takes; try again soon",
        Map.of());
  }
}

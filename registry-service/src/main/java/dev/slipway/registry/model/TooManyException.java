package dev.slipway.registry.model;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Locale;
import java.util.Map;

/** Reports that something would have more parts than it can. */
public final class TooManyException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the failure.
   *
   * @param what the parts, in plural: {@code tags}
   * @param owner what would have them, for people
   */
  public TooManyException(String what, String owner, int limit) {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "TOO_MANY_" + what.toUpperCase(Locale.ROOT),
        "%s would have more than %d %s; delete some first".formatted(owner, limit, what),
        Map.of("limit", Integer.toString(limit)));
  }
}

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

  private TooManyException(String owner, long limitBytes) {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "TOO_MANY_TAGS",
        "the tags of %s would have more than %d bytes together; delete some first"
            .formatted(owner, limitBytes),
        Map.of("limit_bytes", Long.toString(limitBytes)));
  }

  /** Returns the failure that the tags of something would be too large together. */
  public static TooManyException ofTagBytes(String owner, long limitBytes) {
    return new TooManyException(owner, limitBytes);
  }
}

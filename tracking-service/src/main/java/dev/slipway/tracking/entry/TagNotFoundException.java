package dev.slipway.tracking.entry;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a tag to be removed is not there. */
public final class TagNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the failure.
   *
   * @param owner what lacks the tag, such as {@code run 4f...}
   */
  public TagNotFoundException(String key, String owner) {
    super(ErrorKind.NOT_FOUND, "TAG_NOT_FOUND", owner + " has no tag " + key, Map.of("key", key));
  }
}

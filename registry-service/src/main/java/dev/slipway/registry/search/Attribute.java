package dev.slipway.registry.search;

import java.util.Optional;

/**
 * Is what a comparison looks at.
 *
 * @param tagKey the key, when {@code kind} is a tag
 */
public record Attribute(Kind kind, Optional<String> tagKey) {
  /** Is the kind of an attribute. */
  public enum Kind {
    /** Name of the model. */
    NAME,
    /** A tag. */
    TAG,
    /** Run of a version. */
    RUN_ID,
    /** Source of a version. */
    SOURCE_PATH,
    /** Number of a version. */
    VERSION_NUMBER
  }
}

package dev.slipway.registry.search;

/** Is something by which versions are searched. */
public sealed interface VersionField {
  /** Is a tag. */
  record Tag(String key) implements VersionField {}

  /** Is a part of a version's own state. */
  enum Attribute implements VersionField {
    /** Name of the model. */
    NAME,
    /** The run that made it; some have none. */
    RUN_ID,
    /** Where the package was registered from. */
    SOURCE_PATH,
    /** The number, from 1. */
    VERSION_NUMBER,
    /** When it was created; only to order by. */
    CREATION_TIMESTAMP,
    /** When it last changed; only to order by. */
    LAST_UPDATED_TIMESTAMP
  }
}

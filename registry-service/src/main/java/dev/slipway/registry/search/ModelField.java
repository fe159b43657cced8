package dev.slipway.registry.search;

/** Is something by which registered models are searched. */
public sealed interface ModelField {
  /** Is a tag. */
  record Tag(String key) implements ModelField {}

  /** Is a part of a model's own state. */
  enum Attribute implements ModelField {
    /** The name. */
    NAME,
    /** When it last changed; only to order by. */
    LAST_UPDATED_TIMESTAMP
  }
}

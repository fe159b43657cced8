package dev.slipway.tracking.search;

/**
 * Knows the fields by which one kind of object is searched.
 *
 * @param <F> the fields
 */
public interface FieldRules<F> {
  /**
   * Returns the field that an identifier means.
   *
   * @param identifier the identifier split at its first dot
   * @throws IllegalArgumentException if there is no such field; the message says which there are
   */
  F field(Identifier identifier);

  /** Returns what a field is compared with. */
  FieldType type(F field);

  /** Returns whether objects may lack the field, so that {@code IS NULL} makes sense. */
  boolean mayBeMissing(F field);

  /** Returns whether lists can be ordered by the field. */
  boolean orderable(F field);
}

package dev.slipway.runtime.search;

/**
 * Knows the fields by which one kind of object is searched. Thread-safe.
 *
 * @param <F> the fields
 */
public interface FieldRules<F> {
  /**
   * Returns the field that an identifier means.
   *
   * @param identifier the identifier split at its first dot
   * @throws IllegalArgumentException if there is no such field; the message says which there are.
   *     {@link Identifier} makes it
   */
  F field(Identifier identifier);

  /** Returns what a field is compared with. */
  FieldType type(F field);

  /** Returns whether filters know the field; some are only to order by. By default they do. */
  default boolean filterable(F field) {
    return true;
  }

  /** Returns whether {@code IN} takes the field: by default, when text is compared with it. */
  default boolean takesList(F field) {
    return !type(field).isNumeric();
  }

  /** Returns whether {@code IS NULL} takes the field, since objects may lack it. */
  boolean mayBeMissing(F field);

  /** Returns whether lists can be ordered by the field. */
  boolean orderable(F field);

  /** Returns clauses of this search, with {@code or} between them, for messages to show. */
  String examples();
}

package dev.slipway.runtime.error;

import java.util.Objects;

/**
 * Says what is wrong with one field of a request.
 *
 * @param field path in the request message's own names, such as {@code metrics[3].key}
 * @param description what was found and what would be accepted
 */
public record FieldViolation(String field, String description) {
  /** Rejects nulls. */
  public FieldViolation {
    Objects.requireNonNull(field);
    Objects.requireNonNull(description);
  }
}

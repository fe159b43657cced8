package dev.slipway.runtime.error;

import java.util.Objects;

/**
 * Says what is wrong with one field of a request.
 *
 * @param field path in the request message's own names, such as {@code metrics[3].key}
 * @param description what was found and what would be accepted
 * @param reason stable upper-snake identifier that programs may switch on; empty for a violation
 *     that only people tell from others
 */
public record FieldViolation(String field, String description, String reason) {
  /** Reason of a field that must be set and is not. */
  public static final String REQUIRED = "REQUIRED";

  /** Reason of a text of too many characters; the description ends by saying how many may be. */
  public static final String TOO_LONG = "TOO_LONG";

  /** Rejects nulls. */
  public FieldViolation {
    Objects.requireNonNull(field);
    Objects.requireNonNull(description);
    Objects.requireNonNull(reason);
  }

  /** Creates a violation without a reason of its own. */
  public FieldViolation(String field, String description) {
    this(field, description, "");
  }
}

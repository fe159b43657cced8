package dev.slipway.runtime.error;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Gathers the violations of one request, so that a caller mends all of them in one go.
 *
 * <p>Bounded: beyond {@value #MAX_VIOLATIONS} further violations are counted out silently, since
 * nobody reads them and a request of a million bad points must not build a reply of a million
 * lines. Not thread-safe: one instance per request.
 */
public final class Violations {
  /** The most violations that one reply carries. */
  public static final int MAX_VIOLATIONS = 100;

  /** The most characters that a {@code request_id} has. */
  public static final int MAX_REQUEST_ID = 64;

  private static final Pattern REQUEST_ID =
      Pattern.compile("[A-Za-z0-9._-]{1," + MAX_REQUEST_ID + "}");

  private final List<FieldViolation> found = new ArrayList<>();

  /** Adds a violation of a field. */
  public void add(String field, String description) {
    add(field, description, "");
  }

  /**
   * Adds a violation that programs can tell from others.
   *
   * @param reason stable upper-snake identifier, at most 63 characters
   */
  public void add(String field, String description, String reason) {
    if (found.size() < MAX_VIOLATIONS) {
      found.add(new FieldViolation(field, description, reason));
    }
  }

  private void add(String field, IllegalArgumentException refusal) {
    add(
        field,
        refusal.getMessage(),
        refusal instanceof InvalidValueException known ? known.reason() : "");
  }

  /** Adds the violation of a field that must be set and is not. */
  public void addMissing(String field) {
    add(field, InvalidValueException.missing());
  }

  /** Returns whether nothing is wrong so far. */
  public boolean isEmpty() {
    return found.isEmpty();
  }

  /** Throws all violations as one {@link InvalidRequestException}, if there is any. */
  public void throwIfAny() {
    if (!found.isEmpty()) {
      throw new InvalidRequestException(found);
    }
  }

  /** Notes a violation when the text is empty; returns the text either way. */
  public String required(String field, String text) {
    if (text.isEmpty()) {
      addMissing(field);
    }
    return text;
  }

  /**
   * Notes a violation when the text is empty or longer than {@code maxChars} code points; returns
   * the text.
   */
  public String required(String field, String text, int maxChars) {
    return atMost(field, required(field, text), maxChars);
  }

  /**
   * Notes a violation when the text is longer than {@code maxChars} code points; returns the text.
   */
  public String atMost(String field, String text, int maxChars) {
    int length = text.codePointCount(0, text.length());
    if (length > maxChars) {
      add(field, InvalidValueException.tooLong(length, maxChars));
    }
    return text;
  }

  /** Checks an optional idempotency key and returns it when present. */
  public Optional<String> requestId(String field, String requestId) {
    if (requestId.isEmpty()) {
      return Optional.empty();
    }
    if (!REQUEST_ID.matcher(requestId).matches()) {
      add(field, "must be 1 to " + MAX_REQUEST_ID + " of the characters A-Z a-z 0-9 . _ -");
    }
    return Optional.of(requestId);
  }

  /**
   * Builds a value whose constructor checks its invariant with {@link IllegalArgumentException},
   * noting the exception's message as the violation, with its reason when it is an {@link
   * InvalidValueException}.
   */
  public <A, T> Optional<T> parse(String field, A raw, Function<A, T> constructor) {
    try {
      return Optional.of(constructor.apply(raw));
    } catch (IllegalArgumentException e) {
      add(field, e);
      return Optional.empty();
    }
  }
}

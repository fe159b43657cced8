package dev.slipway.runtime.error;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Reports every violation of one request at once; becomes {@code INVALID_ARGUMENT} with {@code
 * BadRequest}.
 */
public final class InvalidRequestException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private static final int VIOLATIONS_IN_MESSAGE = 3;
  private static final int DESCRIPTION_IN_MESSAGE = 160;

  private final transient List<FieldViolation> violations;

  /** Creates the failure from one or more violations. */
  public InvalidRequestException(List<FieldViolation> violations) {
    super(ErrorKind.INVALID_ARGUMENT, "INVALID_REQUEST", describe(violations), Map.of());
    this.violations = List.copyOf(violations);
  }

  /** Returns a failure of a single field. */
  public static InvalidRequestException of(String field, String description) {
    return new InvalidRequestException(List.of(new FieldViolation(field, description)));
  }

  /** Returns the violations in the order in which they were found. */
  public List<FieldViolation> violations() {
    return violations == null ? List.of() : violations;
  }

  private static String describe(List<FieldViolation> violations) {
    if (violations.isEmpty()) {
      throw new IllegalArgumentException("an invalid request has at least one violation");
    }
    String first =
        violations.stream()
            .limit(VIOLATIONS_IN_MESSAGE)
            .map(v -> v.field() + ": " + abbreviated(v.description()))
            .collect(Collectors.joining("; "));
    int more = violations.size() - VIOLATIONS_IN_MESSAGE;
    return more > 0 ? first + "; and " + more + " more" : first;
  }

  /** The details carry a description in full. */
  private static String abbreviated(String description) {
    return description.codePointCount(0, description.length()) <= DESCRIPTION_IN_MESSAGE
        ? description
        : description.substring(0, description.offsetByCodePoints(0, DESCRIPTION_IN_MESSAGE)) + "…";
  }
}

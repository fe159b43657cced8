package dev.slipway.engine.error;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The caller's tensors or parameters do not fit the model. Carries every violation, in the order of
 * the input.
 */
public final class InvalidInputException extends EngineException {

  private static final long serialVersionUID = 1L;

  // Records of two strings: the list is transient only because List is not declared serializable.
  private final transient List<SignatureViolation> violations;

  /**
   * Creates the exception.
   *
   * @param violations at least one
   */
  public InvalidInputException(List<SignatureViolation> violations) {
    super(
        violations.stream()
            .map(violation -> violation.field() + ": " + violation.description())
            .collect(Collectors.joining("; ")));
    if (violations.isEmpty()) {
      throw new IllegalArgumentException("an invalid input has at least one violation");
    }
    this.violations = List.copyOf(violations);
  }

  /** Returns the exception for one violation. */
  public static InvalidInputException of(String field, String description) {
    return new InvalidInputException(List.of(new SignatureViolation(field, description)));
  }

  /** Returns every violation, in the order of the input; never empty. */
  public List<SignatureViolation> violations() {
    return violations;
  }
}

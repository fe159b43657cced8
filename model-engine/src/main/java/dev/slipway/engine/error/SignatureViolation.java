package dev.slipway.engine.error;

import java.util.Objects;

/**
 * One thing that is wrong with the input of a prediction.
 *
 * @param field where: {@code inputs}, {@code inputs[2].shape}, {@code parameters.temperature}
 * @param description what is wrong there and what would be right, naming the tensor
 */
public record SignatureViolation(String field, String description) {

  /** Checks that both parts are there. */
  public SignatureViolation {
    Objects.requireNonNull(field, "field");
    Objects.requireNonNull(description, "description");
  }
}

package dev.slipway.engine.packaging;

import dev.slipway.engine.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A request whose answer is known.
 *
 * @param name tells the case apart from the others of the package
 * @param inputs at least one
 * @param parameters the request's parameters: Boolean, Long, Double, String, or lists of them
 * @param outputs what the model must answer, at least one; outputs that are not named here are not
 *     looked at
 * @param atol how far a floating-point value may be off: {@code |actual - expected| <= atol + rtol
 *     * |expected|}
 * @param rtol the part of it that grows with the expected value
 */
public record GoldenCase(
    String name,
    List<Tensor> inputs,
    Map<String, Object> parameters,
    List<Tensor> outputs,
    double atol,
    double rtol) {

  /**
   * Copies the collections.
   *
   * @throws IllegalArgumentException if a part is missing or a tolerance is not a number from 0
   */
  public GoldenCase {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    if (name.isBlank()) {
      throw new IllegalArgumentException("name must not be blank");
    }
    if (inputs.isEmpty() || outputs.isEmpty()) {
      throw new IllegalArgumentException("inputs and outputs must not be empty");
    }
    if (!(atol >= 0) || !(rtol >= 0) || Double.isInfinite(atol) || Double.isInfinite(rtol)) {
      throw new IllegalArgumentException("atol and rtol must be finite and at least 0");
    }
  }
}

package dev.slipway.tracking.experiment;

import dev.slipway.runtime.error.InvalidValueException;
import java.util.regex.Pattern;

/**
 * Identifies an experiment.
 *
 * @param number 0 or more; never used again
 */
public record ExperimentId(long number) {
  /** The experiment that always exists. */
  public static final ExperimentId DEFAULT = new ExperimentId(0);

  private static final Pattern DIGITS = Pattern.compile("[0-9]{1,18}");

  /** Rejects negative numbers. */
  public ExperimentId {
    if (number < 0) {
      throw new IllegalArgumentException("must not be negative");
    }
  }

  /**
   * Reads the text form.
   *
   * @throws IllegalArgumentException if it is not 1 to 18 decimal digits
   */
  public static ExperimentId parse(String text) {
    if (text.isEmpty()) {
      throw InvalidValueException.missing();
    }
    if (!DIGITS.matcher(text).matches()) {
      throw new IllegalArgumentException("must be 1 to 18 decimal digits");
    }
    return new ExperimentId(Long.parseLong(text));
  }

  /** Returns the text form. */
  @Override
  public String toString() {
    return Long.toString(number);
  }
}

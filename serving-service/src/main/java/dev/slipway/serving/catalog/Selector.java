package dev.slipway.serving.catalog;

import java.util.Locale;
import java.util.Objects;

/** Says which version of a model is meant. */
public sealed interface Selector {
  /** The version in stage Production, which is meant when nothing is said. */
  Selector PRODUCTION = new InStage(Stage.PRODUCTION);

  /**
   * The version with a number.
   *
   * @param version at least 1
   */
  record Numbered(long version) implements Selector {
    /** Checks the range. */
    public Numbered {
      if (version < 1) {
        throw new IllegalArgumentException("a version is at least 1, not " + version);
      }
    }
  }

  /**
   * The version in a stage; of several the one with the highest number.
   *
   * @param stage the stage
   */
  record InStage(Stage stage) implements Selector {
    /** Checks that the stage is there. */
    public InStage {
      Objects.requireNonNull(stage, "stage");
    }
  }

  /**
   * The version that an alias points to.
   *
   * @param alias the alias, not empty
   */
  record Aliased(String alias) implements Selector {
    /** Checks that the alias is not empty. */
    public Aliased {
      if (alias.isEmpty()) {
        throw new IllegalArgumentException("an alias is not empty");
      }
    }
  }

  /** The ready version with the highest number. */
  record Latest() implements Selector {}

  /**
   * Reads the version slot of the Open Inference Protocol: empty is Production, digits are a
   * number, then a stage name or {@code latest} in any letter case, else an alias.
   *
   * @throws IllegalArgumentException if the slot is a number that no version can have
   */
  static Selector ofSlot(String slot) {
    if (slot.isEmpty()) {
      return PRODUCTION;
    }
    if (slot.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return new Numbered(parse(slot));
    }
    return Stage.findByText(slot)
        .<Selector>map(InStage::new)
        .orElseGet(
            () ->
                slot.toLowerCase(Locale.ROOT).equals("latest") ? new Latest() : new Aliased(slot));
  }

  private static long parse(String digits) {
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("no version has the number " + digits, e);
    }
  }
}

package dev.slipway.registry.search;

import java.util.List;

/** Is a parsed filter. */
public sealed interface Condition {
  /** Holds when all parts hold; with no parts it holds always. */
  record And(List<Condition> parts) implements Condition {
    /** Copies the list. */
    public And {
      parts = List.copyOf(parts);
    }
  }

  /** Holds when one part holds. */
  record Or(List<Condition> parts) implements Condition {
    /** Copies the list. */
    public Or {
      parts = List.copyOf(parts);
    }
  }

  /** Holds when the part does not. */
  record Not(Condition part) implements Condition {}

  /**
   * Compares an attribute with a text, or a version's number with a number.
   *
   * @param operator {@code =}, {@code !=}, {@code <}, {@code <=}, {@code >}, {@code >=}, {@code
   *     LIKE} or {@code ILIKE}
   * @param value a {@code Long} for a version's number, else a {@code String}
   */
  record Comparison(Attribute attribute, String operator, Object value) implements Condition {}

  /** Holds when the attribute is one of some texts. */
  record In(Attribute attribute, List<String> values) implements Condition {
    /** Copies the list. */
    public In {
      values = List.copyOf(values);
    }
  }
}

package dev.slipway.runtime.search;

/** Compares a field with a value. */
public enum Operator {
  /** Equal. */
  EQUAL("="),
  /** Not equal, but there. */
  NOT_EQUAL("!="),
  /** Less. */
  LESS("<"),
  /** Less or equal. */
  LESS_OR_EQUAL("<="),
  /** Greater. */
  GREATER(">"),
  /** Greater or equal. */
  GREATER_OR_EQUAL(">="),
  /** Matches a pattern of {@code %} and {@code _}; case matters. */
  LIKE("LIKE"),
  /** Matches a pattern of {@code %} and {@code _}; case does not matter. */
  ILIKE("ILIKE");

  private final String symbol;

  Operator(String symbol) {
    this.symbol = symbol;
  }

  /** Returns how filters write it. */
  public String symbol() {
    return symbol;
  }

  /** Returns whether it compares by size. */
  public boolean isInequality() {
    return this == LESS || this == LESS_OR_EQUAL || this == GREATER || this == GREATER_OR_EQUAL;
  }

  /** Returns whether it matches patterns. */
  public boolean isPattern() {
    return this == LIKE || this == ILIKE;
  }

  static Operator of(String symbol) {
    for (Operator operator : values()) {
      if (operator.symbol.equalsIgnoreCase(symbol)) {
        return operator;
      }
    }
    throw new IllegalArgumentException("no operator is written " + symbol);
  }
}

package dev.slipway.runtime.search;

/** Says what a field is compared with. */
public enum FieldType {
  /** Numbers, without quotes. */
  NUMBER("=, !=, <, <=, > or >="),
  /** Whole numbers, with or without quotes. */
  WHOLE_NUMBER("=, !=, <, <=, > or >="),
  /** Text in quotes. */
  TEXT("=, !=, LIKE or ILIKE"),
  /** Text in quotes, which is also compared with numbers where it is one. */
  TEXT_OR_NUMBER("=, !=, LIKE or ILIKE");

  private final String operators;

  FieldType(String operators) {
    this.operators = operators;
  }

  /** Returns whether only numbers are compared with it. */
  public boolean isNumeric() {
    return this == NUMBER || this == WHOLE_NUMBER;
  }

  /** Returns the operators that compare it with what it is first of all, as a sentence has them. */
  String operators() {
    return operators;
  }
}

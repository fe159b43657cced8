package dev.slipway.runtime.search;

/** Names why filters and order terms are refused: the reasons of such field violations. */
public final class FilterReasons {
  /** The text is not of the language. */
  public static final String SYNTAX = "FILTER_SYNTAX";

  /** The word before the dot of an identifier means nothing. */
  public static final String ENTITY = "FILTER_ENTITY";

  /** The entity is known and has no such field. */
  public static final String ATTRIBUTE = "FILTER_ATTRIBUTE";

  /** The field is not compared by that operator. */
  public static final String OPERATOR = "FILTER_OPERATOR";

  private FilterReasons() {}
}

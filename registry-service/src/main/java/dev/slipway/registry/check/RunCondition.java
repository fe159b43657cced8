package dev.slipway.registry.check;

import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.SearchParser;

/** Reads the filters of metric checks. */
public final class RunCondition {
  /** The most characters of a filter. */
  public static final int MAX_CHARS = 4096;

  /** The most clauses of a filter. */
  public static final int MAX_CLAUSES = 32;

  private static final SearchParser<RunField> PARSER = new SearchParser<>(new RunFieldRules());

  private RunCondition() {}

  /**
   * Reads a filter over metrics, params and tags, in the language of every search.
   *
   * @throws IllegalArgumentException if it is empty, has more than {@value #MAX_CHARS} characters
   *     or {@value #MAX_CLAUSES} clauses, or is not valid; the message says where
   */
  public static Filter<RunField> parse(String text) {
    int length = text.codePointCount(0, text.length());
    if (length == 0 || length > MAX_CHARS) {
      throw new IllegalArgumentException(
          "has " + length + " characters; 1 to " + MAX_CHARS + " are allowed");
    }
    Filter<RunField> filter = PARSER.filter(text).orElseThrow();
    long clauses = filter.fields().count();
    if (clauses > MAX_CLAUSES) {
      throw new IllegalArgumentException(
          "has " + clauses + " clauses; at most " + MAX_CLAUSES + " are allowed");
    }
    return filter;
  }
}

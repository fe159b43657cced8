package dev.slipway.runtime.search.sql;

/**
 * Matches text against patterns of {@code LIKE} without an escape character: {@code %} stands for
 * any characters, {@code _} for one. Takes time of the product of both lengths at most, whatever
 * the pattern. H2 calls it by name, from a function that databases keep.
 */
public final class TextPattern {
  private TextPattern() {}

  /** Returns whether all of the text matches; null, as SQL has it, when either is null. */
  public static Boolean matches(String text, String pattern) {
    if (text == null || pattern == null) {
      return null;
    }
    return matches(text.codePoints().toArray(), pattern.codePoints().toArray());
  }

  private static boolean matches(int[] text, int[] pattern) {
    int at = 0;
    int next = 0;
    // Where to go on after a mismatch: the last % takes one character more. Earlier ones need not.
    int restartAt = 0;
    int afterAny = -1;
    while (at < text.length) {
      if (next < pattern.length && pattern[next] == '%') {
        next++;
        afterAny = next;
        restartAt = at;
      } else if (next < pattern.length && (pattern[next] == '_' || pattern[next] == text[at])) {
        at++;
        next++;
      } else if (afterAny >= 0) {
        restartAt++;
        at = restartAt;
        next = afterAny;
      } else {
        return false;
      }
    }
    while (next < pattern.length && pattern[next] == '%') {
      next++;
    }
    return next == pattern.length;
  }
}

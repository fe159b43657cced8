package dev.slipway.client;

import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/** Tells keys that the tracking service takes, and remembers the good ones. Not thread-safe. */
final class MetricKeys {
  private static final int MAX_CHARS = 250;
  private static final int MAX_REMEMBERED = 10_000;
  private static final Pattern CHARACTERS =
      Pattern.compile("[/\\w.\\- :]+", Pattern.UNICODE_CHARACTER_CLASS);

  private final Set<String> good = new HashSet<>();

  boolean isGood(String key) {
    if (good.contains(key)) {
      return true;
    }
    if (!isValid(key)) {
      return false;
    }
    if (good.size() < MAX_REMEMBERED) {
      good.add(key);
    }
    return true;
  }

  /** Tells whether a key of a metric, a param or a tag is one. */
  static boolean isValid(String key) {
    if (key.codePointCount(0, key.length()) > MAX_CHARS || !CHARACTERS.matcher(key).matches()) {
      return false;
    }
    if (key.startsWith("..")) {
      return false;
    }
    for (String segment : key.split("/", -1)) {
      if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
        return false;
      }
    }
    return true;
  }
}

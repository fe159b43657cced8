package dev.slipway.tracking.entry;

import dev.slipway.runtime.error.InvalidValueException;
import java.util.regex.Pattern;

/**
 * Holds the rule that the keys of metrics, params and tags follow.
 *
 * <p>A key has 1 to {@value #MAX_CHARS} characters out of letters and digits of any script, {@code
 * _ / . - :} and space, and equals its own normalised path, so that it can name a file on every
 * system: no leading or trailing slash, no {@code //}, no segment {@code .} or {@code ..}.
 */
public final class EntryKey {
  /** The most characters (code points) of a key. */
  public static final int MAX_CHARS = 250;

  private static final Pattern ALLOWED =
      Pattern.compile("[/\\w.\\- :]*", Pattern.UNICODE_CHARACTER_CLASS);

  private EntryKey() {}

  /**
   * Returns the key unchanged.
   *
   * @throws IllegalArgumentException if it breaks the rule; the message says how and does not
   *     repeat the key
   */
  public static String check(String key) {
    if (key.isEmpty()) {
      throw InvalidValueException.missing();
    }
    int length = key.codePointCount(0, key.length());
    if (length > MAX_CHARS) {
      throw InvalidValueException.tooLong(length, MAX_CHARS);
    }
    if (!isPlain(key)) {
      checkCharacters(key);
      checkPath(key);
    }
    return key;
  }

  /** Tells most keys of practice apart cheaply: they need no closer look. */
  private static boolean isPlain(String key) {
    return key.chars().allMatch(EntryKey::isAsciiWord);
  }

  private static boolean isAsciiWord(int c) {
    boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '_';
  }

  private static void checkCharacters(String key) {
    if (!ALLOWED.matcher(key).matches()) {
      throw new IllegalArgumentException(
          "may contain only letters, digits, underscores, slashes, dots, dashes, spaces and"
              + " colons");
    }
  }

  private static void checkPath(String key) {
    if (key.startsWith("/")) {
      throw new IllegalArgumentException("must not start with a slash");
    }
    for (String segment : key.split("/", -1)) {
      if (segment.isEmpty()) {
        throw new IllegalArgumentException("must not end with a slash or contain two in a row");
      }
      if (segment.equals(".") || segment.equals("..")) {
        throw new IllegalArgumentException("must not contain the segments . or ..");
      }
    }
    if (key.startsWith("..")) {
      throw new IllegalArgumentException("must not start with two dots");
    }
  }
}

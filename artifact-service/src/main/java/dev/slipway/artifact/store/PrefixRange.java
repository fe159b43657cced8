package dev.slipway.artifact.store;

import java.util.Arrays;

/**
 * Is every ASCII name that begins with a prefix, as a range of bytes that is exclusive at both
 * ends. The prefix as a name of its own counts too.
 *
 * @param after what every name is greater than
 * @param end what every name is less than
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record PrefixRange(byte[] after, byte[] end) {
  // Greater than the bytes of any text.
  private static final byte LAST = (byte) 0xFF;

  static PrefixRange of(String prefix) {
    byte[] start = PathRange.utf8(prefix);
    byte[] end = Arrays.copyOf(start, start.length + 1);
    end[start.length] = LAST;
    return new PrefixRange(before(start), end);
  }

  /** Returns what lies right before a text among texts without NUL: nothing lies between. */
  private static byte[] before(byte[] text) {
    if (text.length == 0) {
      return text;
    }
    byte[] before = Arrays.copyOf(text, text.length + 1);
    before[text.length - 1]--;
    before[text.length] = LAST;
    return before;
  }

  /**
   * Returns a name of this range.
   *
   * @throws IllegalArgumentException if it is none
   */
  byte[] requireInside(byte[] name) {
    if (Arrays.compareUnsigned(name, after) <= 0 || Arrays.compareUnsigned(name, end) >= 0) {
      throw new IllegalArgumentException("not of this prefix");
    }
    return name;
  }
}

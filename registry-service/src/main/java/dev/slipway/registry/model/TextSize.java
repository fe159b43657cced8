package dev.slipway.registry.model;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Measures texts in bytes of UTF-8, as messages and databases keep them. */
public final class TextSize {
  private static final String MARK = "…";

  private TextSize() {}

  /** Returns the size of some texts together. */
  public static long of(String... texts) {
    long size = 0;
    for (String text : texts) {
      size += text.getBytes(StandardCharsets.UTF_8).length;
    }
    return size;
  }

  /** Returns the text, or when it has more bytes, its beginning with a mark; no half character. */
  public static String cut(String text, long most) {
    if (of(text) <= most) {
      return text;
    }
    StringBuilder cut = new StringBuilder();
    long room = most - of(MARK);
    for (int point : text.codePoints().toArray()) {
      String next = Character.toString(point);
      room -= of(next);
      if (room < 0) {
        break;
      }
      cut.append(next);
    }
    return cut.append(MARK).toString();
  }

  /** Returns the size of all keys and values together. */
  public static long of(Map<String, String> texts) {
    return texts.entrySet().stream().mapToLong(e -> of(e.getKey(), e.getValue())).sum();
  }
}

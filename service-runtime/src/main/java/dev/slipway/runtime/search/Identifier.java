package dev.slipway.runtime.search;

import java.util.Optional;

/**
 * Is the name of a field as a filter writes it, without quotes.
 *
 * @param entity what stands before the first dot; absent for a bare name
 * @param key the rest
 */
public record Identifier(Optional<String> entity, String key) {
  static Identifier parse(String text) {
    char first = text.charAt(0);
    if (first == '`' || first == '"') {
      return new Identifier(Optional.empty(), unquote(text));
    }
    int dot = text.indexOf('.');
    if (dot < 0) {
      return new Identifier(Optional.empty(), text);
    }
    String key = text.substring(dot + 1);
    boolean quoted = key.charAt(0) == '`' || key.charAt(0) == '"';
    return new Identifier(Optional.of(text.substring(0, dot)), quoted ? unquote(key) : key);
  }

  static String unquote(String text) {
    return text.substring(1, text.length() - 1);
  }
}

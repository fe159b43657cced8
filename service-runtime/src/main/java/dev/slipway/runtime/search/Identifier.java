package dev.slipway.runtime.search;

import dev.slipway.runtime.error.InvalidValueException;
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

  /**
   * Returns the refusal of an identifier whose entity means nothing.
   *
   * @param whereAndWhat what is searched and which entities there are: {@code runs; there are ...}
   */
  public InvalidValueException unknownEntity(String whereAndWhat) {
    return new InvalidValueException(
        FilterReasons.ENTITY, "'" + entity.orElse("") + "' is no entity of " + whereAndWhat);
  }

  /**
   * Returns the refusal of an identifier whose key is none that the entity has.
   *
   * @param whereAndWhat what is searched and which keys there are: {@code runs; there are ...}
   */
  public InvalidValueException unknownAttribute(String whereAndWhat) {
    return new InvalidValueException(
        FilterReasons.ATTRIBUTE, "'" + key + "' is no attribute of " + whereAndWhat);
  }

  static String unquote(String text) {
    return text.substring(1, text.length() - 1);
  }
}

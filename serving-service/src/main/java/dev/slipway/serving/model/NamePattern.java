package dev.slipway.serving.model;

import java.util.regex.Pattern;

/**
 * Matches model names: {@code *} stands for any text, {@code ?} for one character.
 *
 * @param text the pattern
 */
public record NamePattern(String text) {
  /** Tells whether a whole name matches. */
  public boolean matches(String name) {
    StringBuilder regex = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '*' -> regex.append(".*");
                case '?' -> regex.append('.');
                default -> regex.append(Pattern.quote(Character.toString(c)));
              }
            });
    return Pattern.compile(regex.toString(), Pattern.DOTALL).matcher(name).matches();
  }
}

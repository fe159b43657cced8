package dev.slipway.runtime.search.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextPatternTest {
  @ParameterizedTest
  @CsvSource({
    "'', '', true",
    "'', %, true",
    "'', _, false",
    "abc, abc, true",
    "abc, ab, false",
    "abc, a%, true",
    "abc, %c, true",
    "abc, a_c, true",
    "abc, _%_%_, true",
    "abc, _%_%_%_, false",
    "aXbXc, a%X%c, true",
    "mississippi, %iss%ip%, true",
    "50%\\, %\\, true",
    "😀x, _x, true",
    "Abc, abc, false"
  })
  void matches_asLikeDoes(String text, String pattern, boolean expected) {
    assertThat(TextPattern.matches(text, pattern)).isEqualTo(expected);
  }

  @Test
  void matches_nobodyKnowsWhereThereIsNothing() {
    assertThat(TextPattern.matches(null, "%")).isNull();
    assertThat(TextPattern.matches("a", null)).isNull();
  }

  @Test
  void matches_anyPatternAsARegularExpressionDoes() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      String text = letters(random, "ab", 8);
      String pattern = letters(random, "ab%_", 6);
      Pattern same = Pattern.compile(pattern.replace("%", ".*").replace("_", "."));
      assertThat(TextPattern.matches(text, pattern))
          .as("%s like %s", text, pattern)
          .isEqualTo(same.matcher(text).matches());
    }
  }

  private static String letters(Random random, String of, int most) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(most + 1); i > 0; i--) {
      text.append(of.charAt(random.nextInt(of.length())));
    }
    return text.toString();
  }

  /** Going back for every wildcard would take longer than anybody waits. */
  @Test
  void matches_longTextAndManyWildcards_ends() {
    assertThat(TextPattern.matches("a".repeat(8_000), "%a".repeat(1_000) + "%b")).isFalse();
  }
}

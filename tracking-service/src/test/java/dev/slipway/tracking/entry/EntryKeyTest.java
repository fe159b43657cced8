package dev.slipway.tracking.entry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EntryKeyTest {
  @ParameterizedTest
  @ValueSource(strings = {"a", "a/b c:d.e-f", "val_loss", "0", "größe", "精度", "a..b"})
  void check_keysOfPractice_areTaken(String key) {
    assertThat(EntryKey.check(key)).isEqualTo(key);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "/a", "a/", "a//b", "./a", "a/./b", "a/../b", "..", ".", "../x", "a\\b", "a\tb", "a#b",
        "a\u0000", "x;y", "..a"
      })
  void check_whatNoPathCouldBe_isRefused(String key) {
    assertThatThrownBy(() -> EntryKey.check(key)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void check_lengthIsCountedInCodePoints() {
    String letter = Character.toString(0x1D49C);
    assertThat(EntryKey.check(letter.repeat(250))).hasSize(500);
    assertThatThrownBy(() -> EntryKey.check(letter.repeat(251)))
        .hasMessageContaining("251 characters");
  }
}

package dev.slipway.artifact.asset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VersionNumberTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.9Z");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0",
        "12.3",
        "999999999.999999999",
        "0000-01-01T00-00-00Z",
        "1969-12-31T23-59-59Z",
        "2024-02-29T12-00-00Z",
        "9999-12-31T23-59-59Z"
      })
  void parse_complete_isWrittenAlike(String text) {
    assertThat(VersionNumber.parse(text)).hasToString(text);
  }

  @Test
  void compare_isByNumberNotByText() {
    assertThat(VersionNumber.parse("10.0")).isGreaterThan(VersionNumber.parse("9.9"));
    assertThat(VersionNumber.parse("1.10")).isGreaterThan(VersionNumber.parse("1.9"));
    assertThat(VersionNumber.parse("2026-01-02T03-04-05Z"))
        .isGreaterThan(VersionNumber.parse("2025-12-31T23-59-59Z"));
  }

  @Test
  void next_numbers_raisesOneOfThem() {
    assertThat(VersionNumber.first(VersioningScheme.MAJOR_MINOR, NOW)).hasToString("0.0");
    assertThat(VersionNumber.numbers(1, 9).next(false, NOW)).hasToString("1.10");
    assertThat(VersionNumber.numbers(1, 9).next(true, NOW)).hasToString("2.0");
    assertThatThrownBy(() -> VersionNumber.numbers(1, 999_999_999).next(false, NOW))
        .isInstanceOf(VersionNumbersExhaustedException.class);
    assertThatThrownBy(() -> VersionNumber.numbers(999_999_999, 1).next(true, NOW))
        .isInstanceOf(VersionNumbersExhaustedException.class);
    assertThat(VersionNumber.numbers(1, 999_999_999).next(true, NOW)).hasToString("2.0");
  }

  @Test
  void next_date_isNowAndNeverOlder() {
    VersionNumber first = VersionNumber.first(VersioningScheme.DATE, NOW);

    assertThat(first).hasToString("2026-01-02T03-04-05Z");
    assertThat(first.next(false, NOW)).hasToString("2026-01-02T03-04-06Z");
    assertThat(first.next(true, NOW.minusSeconds(60))).hasToString("2026-01-02T03-04-06Z");
    assertThat(first.next(false, NOW.plusSeconds(60))).hasToString("2026-01-02T03-05-05Z");
    assertThatThrownBy(() -> VersionNumber.parse("9999-12-31T23-59-59Z").next(false, NOW))
        .isInstanceOf(VersionNumbersExhaustedException.class);
  }
}

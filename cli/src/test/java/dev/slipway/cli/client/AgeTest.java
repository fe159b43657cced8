package dev.slipway.cli.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class AgeTest {
  @ParameterizedTest
  @CsvSource({
    "7d, 7d, 7 days",
    "24h, 1d, 1 day",
    "36h, 36h, 36 hours",
    "60m, 1h, 1 hour",
    "90m, 90m, 90 minutes",
    "61s, 61s, 61 seconds",
    "1s, 1s, 1 second"
  })
  void age_isWrittenInTheLargestUnitThatFits(String read, String written, String words) {
    assertThat(Age.write(new Age().convert(read))).isEqualTo(written);
    assertThat(Age.words(new Age().convert(read))).isEqualTo(words);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "7", "d", "-1d", "1.5h", "7w", "1234567890s"})
  void textThatIsNoAge_isRefused(String text) {
    assertThatThrownBy(() -> new Age().convert(text)).isInstanceOf(TypeConversionException.class);
  }
}

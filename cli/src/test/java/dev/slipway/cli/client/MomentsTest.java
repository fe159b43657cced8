package dev.slipway.cli.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MomentsTest {
  private static final long NOW = 1_800_000_000;

  @ParameterizedTest
  @CsvSource({
    "0,0s",
    "-5,0s",
    "59,59s",
    "60,1m",
    "3599,59m",
    "3600,1h",
    "86399,23h",
    "86400,1d",
    "31535999,364d",
    "31536000,1y"
  })
  void age_isToldInOneUnit(long seconds, String text) {
    Clock clock = Clock.fixed(Instant.ofEpochSecond(NOW), ZoneOffset.UTC);

    assertThat(Moments.age(Timestamp.newBuilder().setSeconds(NOW - seconds).build(), clock))
        .isEqualTo(text);
  }

  @Test
  void exact_isToTheSecond() {
    assertThat(Moments.exact(Timestamp.newBuilder().setSeconds(NOW).setNanos(999).build()))
        .isEqualTo("2027-01-15T08:00:00Z");
  }
}

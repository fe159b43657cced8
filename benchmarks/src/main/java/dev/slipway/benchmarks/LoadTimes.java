package dev.slipway.benchmarks;

import java.time.Duration;
import picocli.CommandLine.Option;

/** Says how long loads last. A mixin of picocli. */
final class LoadTimes {
  @Option(
      names = "--seconds",
      defaultValue = "6",
      description = "How long each load is measured. Default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--warm-up",
      defaultValue = "4",
      description = "Seconds of each load before it is measured. Default: ${DEFAULT-VALUE}.")
  private int warmUp;

  Duration measured() {
    return Duration.ofSeconds(seconds);
  }

  Duration warmUp() {
    return Duration.ofSeconds(warmUp);
  }
}

package dev.slipway.benchmarks;

import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Option;

/** Holds the flags of load programs. A mixin of picocli; not thread-safe. */
final class BenchmarkOptions {
  /** Says what a figure was measured on, for the heading. */
  static final String SERVER_PLACE =
      "the service in a process of its own, with H2 inside or PostgreSQL in others; all on "
          + Runtime.getRuntime().availableProcessors()
          + " cores";

  @Option(
      names = "--databases",
      split = ",",
      defaultValue = "h2,postgres",
      description = "Which databases: h2, postgres. Default: ${DEFAULT-VALUE}.")
  private List<DatabaseKind> databases;

  @Option(
      names = "--seconds",
      defaultValue = "10",
      description = "How long each load is measured. Default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--warm-up",
      defaultValue = "8",
      description = "Seconds of each load before it is measured. Default: ${DEFAULT-VALUE}.")
  private int warmUp;

  List<DatabaseKind> databases() {
    return databases;
  }

  Duration duration() {
    return Duration.ofSeconds(seconds);
  }

  Duration warmUp() {
    return Duration.ofSeconds(warmUp);
  }
}

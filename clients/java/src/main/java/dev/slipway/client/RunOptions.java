package dev.slipway.client;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Says how what a job logs to a run is sent, and where it is kept when it cannot be.
 *
 * @param metrics how metrics are gathered and sent; the writer id in it is not used, as each {@link
 *     ActiveRun} is a writer of its own
 * @param spillFolder where files are kept of what could not be sent; made when it is first needed
 * @param maxSpillBytes how many bytes the files in that folder may have, those of other jobs
 *     included; jobs that write at the same time may pass it by a file each (an eighth of it, 16
 *     MiB at most), and each end of a run by a hundred bytes; 0 for no files
 * @param spillAfter how long something may wait in memory before it is kept in a file: a process
 *     that is killed loses what is younger. A flush interval that is longer is shortened to it
 * @param forceInterval how long what is in a file may wait before it is forced to the disk: a
 *     machine that dies loses what is younger
 * @param shutdownTimeout how long the end of the JVM may be held up to send the rest of a run that
 *     was not ended
 * @param strict whether logging throws when something cannot be taken, and the end of the run when
 *     something was not delivered
 * @param listener hears what was dropped or refused
 */
public record RunOptions(
    MetricStreamOptions metrics,
    Path spillFolder,
    long maxSpillBytes,
    Duration spillAfter,
    Duration forceInterval,
    Duration shutdownTimeout,
    boolean strict,
    RunListener listener) {
  private static final String SPILL_FOLDER = "SLIPWAY_SPILL_FOLDER";

  /** Checks ranges. */
  public RunOptions {
    Objects.requireNonNull(metrics);
    Objects.requireNonNull(spillFolder);
    Objects.requireNonNull(listener);
    if (maxSpillBytes < 0) {
      throw new IllegalArgumentException("maxSpillBytes is 0 or more");
    }
    if (Stream.of(spillAfter, forceInterval, shutdownTimeout).anyMatch(Duration::isNegative)) {
      throw new IllegalArgumentException("a time is not negative");
    }
  }

  /**
   * Returns options for most jobs: 16 MiB of memory, {@code slipway-spill} in the working directory
   * or the folder that the environment variable {@code SLIPWAY_SPILL_FOLDER} names, at most 1 GiB
   * there, one second until something is kept and one more until it is forced, at most one second
   * for a call that logs, 10 seconds for the end and 5 for that of the JVM.
   */
  public static RunOptions defaults() {
    return new RunOptions(
        MetricStreamOptions.defaults()
            .withMaxLogWait(Duration.ofSeconds(1))
            .withCloseTimeout(Duration.ofSeconds(10)),
        Path.of(Objects.requireNonNullElse(System.getenv(SPILL_FOLDER), "slipway-spill")),
        1L << 30,
        Duration.ofSeconds(1),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5),
        false,
        new RunListener() {});
  }

  /** Returns these options with another way to send metrics. */
  public RunOptions withMetrics(MetricStreamOptions options) {
    return new RunOptions(
        options,
        spillFolder,
        maxSpillBytes,
        spillAfter,
        forceInterval,
        shutdownTimeout,
        strict,
        listener);
  }

  /** Returns these options with another folder, and how many bytes may be in it. */
  public RunOptions withSpill(Path folder, long maxBytes) {
    return new RunOptions(
        metrics, folder, maxBytes, spillAfter, forceInterval, shutdownTimeout, strict, listener);
  }

  /** Returns these options with another time until something is kept in a file. */
  public RunOptions withSpillAfter(Duration time) {
    return new RunOptions(
        metrics,
        spillFolder,
        maxSpillBytes,
        time,
        forceInterval,
        shutdownTimeout,
        strict,
        listener);
  }

  /** Returns these options, but logging and ending throw. */
  public RunOptions withStrict() {
    return new RunOptions(
        metrics,
        spillFolder,
        maxSpillBytes,
        spillAfter,
        forceInterval,
        shutdownTimeout,
        true,
        listener);
  }

  /** Returns these options with a listener. */
  public RunOptions withListener(RunListener hears) {
    return new RunOptions(
        metrics,
        spillFolder,
        maxSpillBytes,
        spillAfter,
        forceInterval,
        shutdownTimeout,
        strict,
        hears);
  }
}

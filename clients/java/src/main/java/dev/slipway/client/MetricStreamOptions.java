package dev.slipway.client;

import java.time.Duration;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Says how metrics are gathered and sent.
 *
 * @param writerId names the writer within the run, 1 to 64 characters of {@code [A-Za-z0-9._-]};
 *     two writers at a time need two names
 * @param batchPoints number of points at which a batch is sent at once, from 1 to 50,000; left at
 *     the default, the service may wish for another number
 * @param flushInterval how long points are gathered at most before they are sent; left at the
 *     default, the service may wish for another time
 * @param maxMemoryBytes how much memory points may take up that wait, from 1; a point counts as 32
 *     bytes and 2 for each character of its key, a batch as 512 besides; at this bound logging
 *     waits
 * @param firstBackoff how long to wait before the stream is opened again after it broke; doubles
 *     with each failure, with some chance in it
 * @param maxBackoff how long to wait at most
 * @param closeTimeout how long closing waits for acknowledgement
 * @param maxLogWait how long logging a point waits at the bound of memory; then points are dropped
 *     without a wait, and counted, until there is room
 */
public record MetricStreamOptions(
    String writerId,
    int batchPoints,
    Duration flushInterval,
    long maxMemoryBytes,
    Duration firstBackoff,
    Duration maxBackoff,
    Duration closeTimeout,
    Duration maxLogWait) {
  // What the contract allows.
  static final int MAX_BATCH_POINTS = 50_000;
  static final int DEFAULT_BATCH_POINTS = 500;
  static final Duration DEFAULT_FLUSH_INTERVAL = Duration.ofMillis(50);

  /** Checks ranges. */
  public MetricStreamOptions {
    if (!writerId.matches("[A-Za-z0-9._-]{1,64}")) {
      throw new IllegalArgumentException("a writer id is 1 to 64 characters of [A-Za-z0-9._-]");
    }
    if (batchPoints < 1 || batchPoints > MAX_BATCH_POINTS) {
      throw new IllegalArgumentException("batchPoints is 1 to " + MAX_BATCH_POINTS);
    }
    if (maxMemoryBytes < 1) {
      throw new IllegalArgumentException("maxMemoryBytes is 1 or more");
    }
    if (Stream.of(flushInterval, firstBackoff, maxBackoff, closeTimeout, maxLogWait)
        .anyMatch(Duration::isNegative)) {
      throw new IllegalArgumentException("a time is not negative");
    }
  }

  /**
   * Returns a writer id that nobody else has; 500 points or 50 ms; 16 MiB of memory; 30 seconds to
   * close; 60 seconds to wait for room.
   */
  public static MetricStreamOptions defaults() {
    return new MetricStreamOptions(
        "java-" + UUID.randomUUID(),
        DEFAULT_BATCH_POINTS,
        DEFAULT_FLUSH_INTERVAL,
        16 << 20,
        Duration.ofMillis(100),
        Duration.ofSeconds(5),
        Duration.ofSeconds(30),
        Duration.ofSeconds(60));
  }

  /** Returns these options with another writer id. */
  public MetricStreamOptions withWriterId(String id) {
    return new MetricStreamOptions(
        id,
        batchPoints,
        flushInterval,
        maxMemoryBytes,
        firstBackoff,
        maxBackoff,
        closeTimeout,
        maxLogWait);
  }

  /** Returns these options with another time to close. */
  public MetricStreamOptions withCloseTimeout(Duration timeout) {
    return new MetricStreamOptions(
        writerId,
        batchPoints,
        flushInterval,
        maxMemoryBytes,
        firstBackoff,
        maxBackoff,
        timeout,
        maxLogWait);
  }

  /** Returns these options with another time to wait for room. */
  public MetricStreamOptions withMaxLogWait(Duration wait) {
    return new MetricStreamOptions(
        writerId,
        batchPoints,
        flushInterval,
        maxMemoryBytes,
        firstBackoff,
        maxBackoff,
        closeTimeout,
        wait);
  }
}

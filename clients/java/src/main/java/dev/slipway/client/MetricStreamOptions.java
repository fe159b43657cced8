package dev.slipway.client;

import java.time.Duration;
import java.util.UUID;

/**
 * Says how metrics are gathered and sent.
 *
 * @param writerId names the writer within the run, 1 to 64 characters of {@code [A-Za-z0-9._-]};
 *     two writers at a time need two names
 * @param batchPoints number of points at which a batch is sent at once, from 1; left at the
 *     default, the service may wish for another number
 * @param flushInterval how long points are gathered at most before they are sent; left at the
 *     default, the service may wish for another time
 * @param maxPendingPoints number of points that may be unacknowledged; at this bound {@link
 *     MetricStream#log} waits
 * @param firstBackoff how long to wait before the stream is opened again after it broke; doubles
 *     with each failure, with some chance in it
 * @param maxBackoff how long to wait at most
 * @param closeTimeout how long {@link MetricStream#close} waits for acknowledgement
 * @param maxLogWait how long {@link MetricStream#log} waits at the bound; then points are dropped,
 *     and counted, until there is room
 */
public record MetricStreamOptions(
    String writerId,
    int batchPoints,
    Duration flushInterval,
    int maxPendingPoints,
    Duration firstBackoff,
    Duration maxBackoff,
    Duration closeTimeout,
    Duration maxLogWait) {
  static final int DEFAULT_BATCH_POINTS = 500;
  static final Duration DEFAULT_FLUSH_INTERVAL = Duration.ofMillis(50);

  /** Checks ranges. */
  public MetricStreamOptions {
    if (!writerId.matches("[A-Za-z0-9._-]{1,64}")) {
      throw new IllegalArgumentException("a writer id is 1 to 64 characters of [A-Za-z0-9._-]");
    }
    if (batchPoints < 1 || maxPendingPoints < batchPoints) {
      throw new IllegalArgumentException("1 <= batchPoints <= maxPendingPoints");
    }
  }

  /**
   * Returns a writer id that nobody else has; 500 points or 50 ms; 200,000 pending points; 30
   * seconds to close; 60 seconds to wait for room.
   */
  public static MetricStreamOptions defaults() {
    return new MetricStreamOptions(
        "java-" + UUID.randomUUID(),
        DEFAULT_BATCH_POINTS,
        DEFAULT_FLUSH_INTERVAL,
        200_000,
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
        maxPendingPoints,
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
        maxPendingPoints,
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
        maxPendingPoints,
        firstBackoff,
        maxBackoff,
        closeTimeout,
        wait);
  }
}

package dev.slipway.client;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log, and to whoever wants to hear, that points were dropped: at once for the first,
 * then every ten seconds at most. For one thread, which is not that of the caller who logs.
 */
final class DropReporter {
  private static final Logger log = LoggerFactory.getLogger(DropReporter.class);
  private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final String runId;
  private final MetricQueue queue;
  private final Consumer<DroppedPoints> listener;
  private DroppedPoints told = DroppedPoints.NONE;
  private long nextNanos = System.nanoTime();

  DropReporter(String runId, MetricQueue queue, Consumer<DroppedPoints> listener) {
    this.runId = runId;
    this.queue = queue;
    this.listener = listener;
  }

  /** Reports what is due; returns in how many nanoseconds more may be. */
  long step(long now) {
    if (now < nextNanos) {
      return nextNanos - now;
    }
    DroppedPoints dropped = queue.tellDrops();
    if (dropped.equals(told)) {
      return Long.MAX_VALUE;
    }
    told = dropped;
    nextNanos = now + INTERVAL_NANOS;
    log.warn("points of run {} are dropped, in all: {}", runId, dropped);
    listener.accept(dropped);
    return INTERVAL_NANOS;
  }
}

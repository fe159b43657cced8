package dev.slipway.client;

import dev.slipway.client.MetricQueue.Counts;
import dev.slipway.client.MetricQueue.Offer;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.Channel;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Streams the metrics of one run to the tracking service, from memory alone. Training jobs rather
 * use {@link ActiveRun}, which keeps what cannot be sent in files.
 *
 * <p>{@link #log} puts a point into a buffer and returns; a thread of the stream's own sends
 * batches (by default 500 points or what came within 50 ms) and keeps them until the service
 * acknowledges that they are durable. When the connection breaks it opens the stream again, after
 * waits that grow, and sends again what was not acknowledged; sequence numbers see to it that each
 * point is stored once.
 *
 * <p>Logging never throws. When the service is away for so long that the bound of memory is
 * reached, {@link #log} waits, but not for ever: after a time of the options points are dropped,
 * and counted, until there is room again. When the service refuses the stream for good (no such
 * run, run deleted, another stream of the same writer), the points that remain are dropped, which
 * {@link #failure}, {@link #flush} and {@link #close} report. Thread-safe.
 */
public final class MetricStream implements AutoCloseable {
  private final String runId;
  private final MetricStreamOptions options;
  private final Wakeup wakeup = new Wakeup();
  private final MetricQueue queue;
  private final MetricLane lane;
  private final DropReporter drops;
  private final AtomicBoolean closing = new AtomicBoolean();

  private MetricStream(Channel channel, String runId, MetricStreamOptions options) {
    this.runId = runId;
    this.options = options;
    this.queue = new MetricQueue(options, OptionalLong.empty(), wakeup);
    this.drops = new DropReporter(runId, queue, dropped -> {});
    this.lane =
        new MetricLane(
            TrackingServiceGrpc.newStub(channel),
            runId,
            options.writerId(),
            OptionalLong.empty(),
            queue,
            new ReconnectPolicy(channel, options.firstBackoff(), options.maxBackoff()),
            wakeup);
  }

  /**
   * Opens a stream to a run with default options; returns at once, also when the service is away.
   */
  public static MetricStream open(Channel channel, String runId) {
    return open(channel, runId, MetricStreamOptions.defaults());
  }

  /** Opens a stream to a run; returns at once, also when the service is away. */
  public static MetricStream open(Channel channel, String runId, MetricStreamOptions options) {
    MetricStream stream = new MetricStream(channel, runId, options);
    SenderThread.start(runId, stream::round, stream.queue::fail);
    return stream;
  }

  private boolean round() throws InterruptedException {
    long now = System.nanoTime();
    long wait = Math.min(lane.step(now), drops.step(now));
    lane.refusal().ifPresent(queue::fail);
    if (queue.failure().isPresent()) {
      lane.close("given up");
      return false;
    }
    if (queue.drained()) {
      lane.complete();
      return false;
    }
    if (lane.isOpen()) {
      long due = queue.cut(now, Long.MAX_VALUE);
      if (due == 0) {
        return true;
      }
      wait = Math.min(wait, due);
    }
    wakeup.await(wait);
    return true;
  }

  /** Logs a point that is measured now. */
  public void log(String key, double value, long step) {
    log(key, value, step, System.currentTimeMillis());
  }

  /**
   * Logs a point. Waits only when the bound of memory is reached. A key that the service would
   * refuse is dropped, as it would end the stream.
   *
   * @param timestampMs when it was measured, in milliseconds since 1970-01-01T00:00Z, 0 or more
   */
  public void log(String key, double value, long step, long timestampMs) {
    Offer unused = queue.offer(key, value, step, timestampMs);
  }

  /**
   * Waits until every point that was logged before is durable.
   *
   * @throws TrackingException if the service has refused the stream
   * @throws InterruptedException if the thread is interrupted; nothing is lost by it
   */
  public void flush() throws InterruptedException {
    boolean unused = flush(Duration.ofNanos(Long.MAX_VALUE));
  }

  /**
   * Waits until every point that was logged before is durable, but not longer than a time.
   *
   * @return whether they are
   * @throws TrackingException if the service has refused the stream
   * @throws InterruptedException if the thread is interrupted; nothing is lost by it
   */
  public boolean flush(Duration timeout) throws InterruptedException {
    boolean done = queue.awaitAcknowledged(queue.flush(), timeout.toNanos());
    Optional<TrackingException> failure = queue.failure();
    if (failure.isPresent()) {
      throw failure.get();
    }
    return done;
  }

  /** Returns why the service has refused the stream for good; empty while all is well. */
  public Optional<TrackingException> failure() {
    return queue.failure();
  }

  /** Returns how many points the service has acknowledged as durable. */
  public long acknowledgedPoints() {
    return queue.counts().acknowledged();
  }

  /**
   * Returns how many points were dropped: bad keys, those for which there was no room, and all that
   * came after a failure or {@link #close}.
   */
  public long droppedPoints() {
    return queue.counts().dropped().total();
  }

  /**
   * Sends what remains, waits for acknowledgement within the time of the options, and ends the
   * stream. Idempotent.
   *
   * @throws TrackingException if points were not acknowledged, those that came after a refusal
   *     included: the service refused the stream, or was away
   */
  @Override
  public void close() {
    if (closing.getAndSet(true)) {
      return;
    }
    // Nothing but a refusal has ended the queue so far.
    long afterRefusal = queue.counts().dropped().afterEnd();
    queue.close();
    boolean done = false;
    try {
      done = queue.awaitAcknowledged(queue.flush(), options.closeTimeout().toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Counts counts = queue.counts();
    long pending = counts.logged() - counts.acknowledged() + afterRefusal;
    // A failure after the last point has cost nothing.
    if (done || pending == 0) {
      return;
    }
    queue.fail(
        new TrackingException(
            pending + " points of run " + runId + " were not acknowledged in time",
            Status.Code.DEADLINE_EXCEEDED,
            null));
    throw queue.failure().orElseThrow();
  }
}

package dev.slipway.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.tracking.v1.MetricAck;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.MetricStreamHints;
import dev.slipway.tracking.v1.MetricStreamOpened;
import dev.slipway.tracking.v1.OpenMetricStream;
import dev.slipway.tracking.v1.StreamMetricsRequest;
import dev.slipway.tracking.v1.StreamMetricsResponse;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams the metrics of one run to the tracking service while a job trains.
 *
 * <p>{@link #log} puts a point into a buffer and returns; a thread of the stream's own sends
 * batches (by default 500 points or what came within 50 ms) and keeps them until the service
 * acknowledges that they are durable. When the connection breaks it opens the stream again, after
 * waits that grow, and sends again what was not acknowledged; sequence numbers see to it that each
 * point is stored once.
 *
 * <p>Logging never throws. When the service is away for so long that the bound of pending points is
 * reached, {@link #log} waits, but not for ever: after a time of the options points are dropped,
 * and counted, until there is room again. When the service refuses the stream for good (no such
 * run, run deleted, another stream of the same writer), the points that remain are dropped, which
 * {@link #failure}, {@link #flush} and {@link #close} report. Thread-safe.
 */
public final class MetricStream implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(MetricStream.class);

  // What waits longer than a batch goes in larger ones than were asked for, which cost less.
  private static final int BACKLOG_BATCH_POINTS = 5_000;
  // What the contract allows.
  private static final int MAX_BATCH_POINTS = 50_000;
  private static final long OPEN_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final Set<Status.Code> FINAL =
      EnumSet.of(
          Status.Code.INVALID_ARGUMENT,
          Status.Code.NOT_FOUND,
          Status.Code.FAILED_PRECONDITION,
          Status.Code.ABORTED,
          Status.Code.PERMISSION_DENIED,
          Status.Code.UNAUTHENTICATED,
          Status.Code.UNIMPLEMENTED);

  private final TrackingServiceGrpc.TrackingServiceStub stub;
  private final String runId;
  private final MetricStreamOptions options;
  private final Thread sender;

  private final ReentrantLock lock = new ReentrantLock();
  // Signalled whenever anything below changes that someone may wait for.
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private final MetricKeys keys = new MetricKeys();

  @GuardedBy("lock")
  private final PointBuffer buffer = new PointBuffer();

  // Batches that are cut but not acknowledged, in order of sequence number.
  @GuardedBy("lock")
  private final ArrayDeque<MetricBatch> unacknowledged = new ArrayDeque<>();

  // The connection that counts; what older ones still say is ignored.
  @GuardedBy("lock")
  private Connection connection;

  @GuardedBy("lock")
  private long nextSeq;

  @GuardedBy("lock")
  private long oldestBufferedNanos;

  @GuardedBy("lock")
  private long loggedPoints;

  @GuardedBy("lock")
  private long acknowledgedPoints;

  @GuardedBy("lock")
  private long droppedPoints;

  // Points up to this count are sent without waiting for more.
  @GuardedBy("lock")
  private long flushTo;

  @GuardedBy("lock")
  private int batchPoints;

  @GuardedBy("lock")
  private long flushNanos;

  @GuardedBy("lock")
  private int failedConnections;

  @GuardedBy("lock")
  private long reconnectNanos = System.nanoTime();

  // Whether a call of log has waited for room in vain, and none has come since.
  @GuardedBy("lock")
  private boolean overflowing;

  @GuardedBy("lock")
  private boolean closing;

  @GuardedBy("lock")
  private MetricStreamException failure;

  private MetricStream(Channel channel, String runId, MetricStreamOptions options) {
    this.stub = TrackingServiceGrpc.newStub(channel);
    this.runId = runId;
    this.options = options;
    this.batchPoints = options.batchPoints();
    this.flushNanos = options.flushInterval().toNanos();
    this.sender = new Thread(this::send, "slipway-metrics-" + runId);
    this.sender.setDaemon(true);
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
    stream.sender.start();
    return stream;
  }

  /** Logs a point that is measured now. */
  public void log(String key, double value, long step) {
    log(key, value, step, System.currentTimeMillis());
  }

  /**
   * Logs a point. Waits only when the bound of pending points is reached. A key that the service
   * would refuse is dropped with a warning, as it would end the stream.
   *
   * @param timestampMs when it was measured, in milliseconds since 1970-01-01T00:00Z, 0 or more
   */
  public void log(String key, double value, long step, long timestampMs) {
    lock.lock();
    try {
      if (key == null || !keys.isGood(key) || timestampMs < 0) {
        log.warn("metric '{}' of run {} is not logged: bad key or timestamp", key, runId);
        droppedPoints++;
        return;
      }
      if (!awaitRoom()) {
        droppedPoints++;
        return;
      }
      if (buffer.size() == 0) {
        oldestBufferedNanos = System.nanoTime();
      }
      buffer.add(key, value, step, timestampMs);
      loggedPoints++;
      // The sender wakes by itself when the oldest point is due.
      if (buffer.size() == 1 || buffer.size() == batchPoints) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Waits while there is no room for a point; returns false when it is to be dropped. */
  @GuardedBy("lock")
  private boolean awaitRoom() {
    long deadline = System.nanoTime() + options.maxLogWait().toNanos();
    boolean interrupted = false;
    while (pending() >= options.maxPendingPoints() && failure == null && !closing && !overflowing) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        log.warn("metrics of run {} are dropped: {} points wait already", runId, pending());
        overflowing = true;
        break;
      }
      try {
        changed.awaitNanos(left);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return pending() < options.maxPendingPoints() && failure == null && !closing;
  }

  @GuardedBy("lock")
  private long pending() {
    return loggedPoints - acknowledgedPoints;
  }

  /**
   * Waits until every point that was logged before is durable.
   *
   * @throws MetricStreamException if the service has refused the stream
   * @throws InterruptedException if the thread is interrupted; nothing is lost by it
   */
  public void flush() throws InterruptedException {
    var unused = flush(Duration.ofNanos(Long.MAX_VALUE));
  }

  /**
   * Waits until every point that was logged before is durable, but not longer than a time.
   *
   * @return whether they are
   * @throws MetricStreamException if the service has refused the stream
   * @throws InterruptedException if the thread is interrupted; nothing is lost by it
   */
  public boolean flush(Duration timeout) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long target = loggedPoints;
      flushTo = Math.max(flushTo, target);
      changed.signalAll();
      long left = timeout.toNanos();
      // A stream that has failed drops what is logged: nothing may pass for durable then.
      while (failure == null && acknowledgedPoints < target) {
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
      if (failure != null) {
        throw failure;
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Returns why the service has refused the stream for good; empty while all is well. */
  public Optional<MetricStreamException> failure() {
    lock.lock();
    try {
      return Optional.ofNullable(failure);
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many points the service has acknowledged as durable. */
  public long acknowledgedPoints() {
    lock.lock();
    try {
      return acknowledgedPoints;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Returns how many points were dropped: bad keys, and all that came after a failure or {@link
   * #close}.
   */
  public long droppedPoints() {
    lock.lock();
    try {
      return droppedPoints;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Sends what remains, waits for acknowledgement within the time of the options, and ends the
   * stream. Idempotent.
   *
   * @throws MetricStreamException if points were not acknowledged: the service refused the stream,
   *     or was away
   */
  @Override
  public void close() {
    lock.lock();
    try {
      boolean first = !closing;
      closing = true;
      flushTo = loggedPoints;
      changed.signalAll();
      if (first) {
        awaitLastAcknowledgement();
      }
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void awaitLastAcknowledgement() {
    long left = options.closeTimeout().toNanos();
    boolean interrupted = false;
    while (pending() > 0 && failure == null && left > 0) {
      try {
        left = changed.awaitNanos(left);
      } catch (InterruptedException e) {
        interrupted = true;
        left = 0;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure == null && pending() > 0) {
      fail(
          new MetricStreamException(
              pending() + " points of run " + runId + " were not acknowledged in time",
              Status.Code.DEADLINE_EXCEEDED,
              null));
    }
    // A failure after the last acknowledgement has cost nothing.
    if (failure != null && pending() > 0) {
      throw failure;
    }
  }

  @GuardedBy("lock")
  private void fail(MetricStreamException reason) {
    if (failure == null) {
      failure = reason;
      droppedPoints += pending();
    }
    changed.signalAll();
  }

  /** Is what the sender does next, outside the lock. */
  private interface Step {
    void run();
  }

  /** Runs on the sender's thread: everything that goes out goes out here, in order. */
  private void send() {
    try {
      for (Step step = nextStep(); step != null; step = nextStep()) {
        step.run();
      }
    } catch (Throwable e) {
      // Errors too: whoever waits must hear that nothing is sent any more.
      log.error("metrics of run {} are no longer sent", runId, e);
      lock.lock();
      try {
        fail(new MetricStreamException("the sender failed", Status.Code.INTERNAL, e));
      } finally {
        lock.unlock();
      }
    }
  }

  /** Waits until there is something to do; null at the end. */
  private Step nextStep() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (true) {
        if (failure != null || (closing && pending() == 0)) {
          return lastStep();
        }
        long now = System.nanoTime();
        if (connection == null) {
          long wait = reconnectNanos - now;
          if (wait <= 0) {
            return connect();
          }
          changed.awaitNanos(wait);
          continue;
        }
        if (!connection.opened) {
          long left = connection.openBy - now;
          if (left <= 0) {
            return giveUp(connection);
          }
          changed.awaitNanos(left);
          continue;
        }
        long due = cutDueBatches(now);
        Optional<MetricBatch> batch = nextToSend(connection);
        if (batch.isPresent()) {
          Connection current = connection;
          StreamMetricsRequest message =
              StreamMetricsRequest.newBuilder().setBatch(batch.get()).build();
          return () -> current.requests.onNext(message);
        }
        if (due == Long.MAX_VALUE) {
          changed.await();
        } else {
          changed.awaitNanos(due);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** A server, or what is in its place, may take a connection and then say nothing. */
  private static Step giveUp(Connection silent) {
    Status status = Status.UNAVAILABLE.withDescription("the service does not open the stream");
    return () -> {
      silent.ended(status, null);
      silent.requests.cancel(status.getDescription(), null);
    };
  }

  /** Ends the connection, if there is one, and then the sender. */
  @GuardedBy("lock")
  private Step lastStep() {
    Connection last = connection;
    connection = null;
    if (last != null) {
      if (failure == null) {
        last.requests.onCompleted();
      } else {
        last.requests.cancel("given up", failure);
      }
    }
    return null;
  }

  @GuardedBy("lock")
  private Step connect() {
    Connection fresh = new Connection();
    connection = fresh;
    return () -> {
      stub.streamMetrics(fresh);
      fresh.requests.onNext(
          StreamMetricsRequest.newBuilder()
              .setOpen(
                  OpenMetricStream.newBuilder().setRunId(runId).setWriterId(options.writerId()))
              .build());
    };
  }

  /**
   * Cuts the buffer into batches when enough or old enough; returns in how many nanoseconds it will
   * be.
   */
  @GuardedBy("lock")
  private long cutDueBatches(long now) {
    while (buffer.size() > 0) {
      long due = oldestBufferedNanos + flushNanos - now;
      boolean flushing = flushTo > loggedPoints - buffer.size();
      if (buffer.size() < batchPoints && due > 0 && !flushing) {
        return due;
      }
      unacknowledged.add(buffer.take(batchLimit(), nextSeq));
      nextSeq++;
    }
    return Long.MAX_VALUE;
  }

  @GuardedBy("lock")
  private int batchLimit() {
    return Math.min(MAX_BATCH_POINTS, Math.max(batchPoints, BACKLOG_BATCH_POINTS));
  }

  /** Returns the next batch if the service and the transport take it now. */
  @GuardedBy("lock")
  private Optional<MetricBatch> nextToSend(Connection to) {
    if (!to.requests.isReady()) {
      return Optional.empty();
    }
    long inFlight = 0;
    for (MetricBatch batch : unacknowledged) {
      if (batch.getSeq() <= to.sentSeq) {
        inFlight += batch.getValueCount();
      } else if (inFlight == 0 || inFlight + batch.getValueCount() <= to.credit) {
        to.sentSeq = batch.getSeq();
        return Optional.of(batch);
      } else {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  /**
   * Is one stream to the service, from its opening to its end. Its fields are guarded by the lock.
   */
  private final class Connection
      implements ClientResponseObserver<StreamMetricsRequest, StreamMetricsResponse> {
    // Set before the call starts, used by the sender's thread alone but for its readiness.
    private ClientCallStreamObserver<StreamMetricsRequest> requests;
    private final long openBy = System.nanoTime() + OPEN_NANOS;
    private boolean opened;
    private long sentSeq;
    private long credit;

    @Override
    public void beforeStart(ClientCallStreamObserver<StreamMetricsRequest> stream) {
      requests = stream;
      stream.setOnReadyHandler(this::wake);
    }

    private void wake() {
      lock.lock();
      try {
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void onNext(StreamMetricsResponse response) {
      lock.lock();
      try {
        if (connection != this) {
          return;
        }
        if (response.hasOpened()) {
          onOpened(response.getOpened());
        } else {
          onAck(response.getAck());
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @GuardedBy("lock")
    private void onOpened(MetricStreamOpened answer) {
      if (nextSeq == 0) {
        nextSeq = answer.getCommittedSeq() + 1;
      }
      if (!acknowledge(answer.getCommittedSeq())) {
        return;
      }
      long expected = unacknowledged.isEmpty() ? nextSeq : unacknowledged.peek().getSeq();
      if (answer.getCommittedSeq() + 1 != expected) {
        failForeign(answer.getCommittedSeq(), expected);
        return;
      }
      opened = true;
      sentSeq = answer.getCommittedSeq();
      credit = answer.getCredit();
      failedConnections = 0;
      heed(answer.getHints());
    }

    @GuardedBy("lock")
    private void onAck(MetricAck ack) {
      if (!acknowledge(ack.getCommittedSeq())) {
        return;
      }
      if (ack.getCredit() > 0) {
        credit = ack.getCredit();
      }
      if (ack.hasHints()) {
        heed(ack.getHints());
      }
    }

    @Override
    public void onError(Throwable cause) {
      ended(Status.fromThrowable(cause), cause);
    }

    @Override
    public void onCompleted() {
      ended(Status.UNAVAILABLE.withDescription("the service ended the stream"), null);
    }

    private void ended(Status status, Throwable cause) {
      lock.lock();
      try {
        if (connection != this) {
          return;
        }
        connection = null;
        if (FINAL.contains(status.getCode())) {
          log.warn("metrics of run {} are refused: {}", runId, status);
          fail(
              new MetricStreamException(
                  "metrics of run " + runId + " are refused: " + status.getDescription(),
                  status.getCode(),
                  cause));
          return;
        }
        failedConnections++;
        long millis =
            Retries.Backoff.millis(options.firstBackoff(), options.maxBackoff(), failedConnections);
        log.debug("the metric stream of run {} broke, again in {} ms", runId, millis, cause);
        reconnectNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Counts what the service has. Returns false, and counts nothing, when it has more than was made
   * here: then none of it can be told from what somebody else sent under our name.
   */
  @GuardedBy("lock")
  private boolean acknowledge(long committedSeq) {
    if (committedSeq >= nextSeq) {
      failForeign(
          committedSeq, unacknowledged.isEmpty() ? nextSeq : unacknowledged.peek().getSeq());
      return false;
    }
    for (Iterator<MetricBatch> batches = unacknowledged.iterator(); batches.hasNext(); ) {
      MetricBatch batch = batches.next();
      if (batch.getSeq() > committedSeq) {
        break;
      }
      acknowledgedPoints += batch.getValueCount();
      batches.remove();
    }
    overflowing &= pending() >= options.maxPendingPoints();
    return true;
  }

  @GuardedBy("lock")
  private void failForeign(long committedSeq, long expected) {
    fail(
        new MetricStreamException(
            "the service has other batches of writer "
                + options.writerId()
                + " than were sent here: it expects number "
                + (committedSeq + 1)
                + ", but the next one is "
                + expected,
            Status.Code.OUT_OF_RANGE,
            null));
  }

  /** What the caller has chosen stays; what was left open is as the service wishes. */
  @GuardedBy("lock")
  private void heed(MetricStreamHints hints) {
    if (hints.getPreferredBatchPoints() > 0
        && options.batchPoints() == MetricStreamOptions.DEFAULT_BATCH_POINTS) {
      batchPoints = Math.min(hints.getPreferredBatchPoints(), options.maxPendingPoints());
    }
    if (hints.hasFlushInterval()
        && options.flushInterval().equals(MetricStreamOptions.DEFAULT_FLUSH_INTERVAL)) {
      flushNanos =
          TimeUnit.SECONDS.toNanos(hints.getFlushInterval().getSeconds())
              + hints.getFlushInterval().getNanos();
    }
  }
}

package dev.slipway.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.client.MetricQueue.Counts;
import dev.slipway.client.RunCallQueue.RunCall;
import dev.slipway.client.SpillRecord.Kind;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceStub;
import io.grpc.Channel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings what is in the two queues of a run to the service, and to files when that takes too long:
 * creation first, then params, tags and metrics side by side, the end last. Owns the thread that
 * does so.
 */
final class RunDelivery {
  private static final Logger log = LoggerFactory.getLogger(RunDelivery.class);
  private static final int MAX_REFUSALS = 100;

  private final String runId;
  private final RunOptions options;
  private final Wakeup wakeup = new Wakeup();
  private final MetricQueue metrics;
  private final RunCallQueue calls = new RunCallQueue(wakeup);
  private final MetricLane metricLane;
  private final RunCallLane callLane;
  private final RunSpill spill;
  private final DropReporter drops;
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  @GuardedBy("this")
  private final List<TrackingException> refusals = new ArrayList<>();

  @GuardedBy("this")
  private long lostCalls;

  // By System.nanoTime; empty while the run goes on.
  private volatile OptionalLong endBy = OptionalLong.empty();
  private volatile boolean urgent;
  private volatile boolean filesLeft;

  RunDelivery(Channel channel, String runId, RunOptions options) {
    this.runId = runId;
    this.options = options;
    MetricStreamOptions sending = options.metrics();
    String writerId = "java-" + UUID.randomUUID();
    TrackingServiceStub stub = TrackingServiceGrpc.newStub(channel);
    this.metrics = new MetricQueue(sending, OptionalLong.of(1), wakeup);
    this.spill = new RunSpill(runId, writerId, options, metrics, calls);
    this.drops = new DropReporter(runId, metrics, this::tellDropped);
    this.metricLane =
        new MetricLane(
            stub,
            runId,
            writerId,
            OptionalLong.of(0),
            spill,
            new ReconnectPolicy(channel, sending.firstBackoff(), sending.maxBackoff()),
            wakeup);
    this.callLane =
        new RunCallLane(
            stub,
            calls,
            new CallOutcomes(),
            new ReconnectPolicy(channel, sending.firstBackoff(), sending.maxBackoff()),
            wakeup,
            false);
  }

  void start() {
    SenderThread.start(runId, this::round, this::died);
  }

  MetricQueue metrics() {
    return metrics;
  }

  RunCallQueue calls() {
    return calls;
  }

  /**
   * Ends delivery when all is there, or cannot be, or a time has passed; what is left then is in
   * files. Both queues are closed already.
   *
   * @param now whether what is not there yet goes to files at once, in case the process is killed
   */
  void end(Duration timeout, boolean now) {
    urgent = now;
    endBy = OptionalLong.of(System.nanoTime() + timeout.toNanos());
    wakeup.signal();
  }

  /** Waits for the end of delivery, but not longer than a time. */
  boolean awaitEnd(Duration timeout) throws InterruptedException {
    try {
      ended.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  /** Has something done once delivery has ended, and the files are left alone. */
  void whenEnded(Runnable action) {
    CompletableFuture<Void> unused = ended.thenRun(action);
  }

  private boolean hasEnded() {
    return ended.isDone();
  }

  private boolean round() throws InterruptedException {
    long now = System.nanoTime();
    boolean wasOpen = metricLane.isOpen();
    boolean wasDrained = metrics.drained();
    long wait = Math.min(cut(now), callLane.step(now, wasDrained));
    if (callLane.runExists()) {
      wait = Math.min(wait, metricLane.step(now));
      metricLane.refusal().ifPresent(this::metricsRefused);
    }
    wait = Math.min(wait, spill.step(now, urgent));
    wait = Math.min(wait, drops.step(now));
    if (endBy.isPresent()) {
      long left = endBy.getAsLong() - now;
      if (left <= 0 || isDelivered() || isHopeless()) {
        finish();
        return false;
      }
      wait = Math.min(wait, left);
    }
    // What has just opened takes batches, and what has just drained lets the run end.
    if (metricLane.isOpen() == wasOpen && metrics.drained() == wasDrained) {
      wakeup.await(wait);
    }
    return true;
  }

  private long cut(long now) {
    long maxAge = options.spillAfter().toNanos();
    long due = 0;
    while (due == 0) {
      due = metricLane.isOpen() ? metrics.cut(now, maxAge) : metrics.cutToKeep(now, maxAge);
    }
    return due;
  }

  private boolean isDelivered() {
    return metrics.drained() && calls.size() == 0;
  }

  private boolean isHopeless() {
    return callLane.refusal().isPresent() || metricLane.refusal().isPresent();
  }

  private void finish() {
    long now = System.nanoTime();
    if (isDelivered()) {
      metricLane.complete();
    } else {
      keepRest("the run has ended", now);
    }
    release();
    long unused = drops.step(now);
  }

  private void keepRest(String why, long now) {
    metricLane.close(why);
    long unused = cut(now);
    spill.keepAll();
  }

  /** What is in no file by now is lost. */
  private void release() {
    synchronized (this) {
      lostCalls += calls.unspilled().size();
    }
    metrics.abandon();
    filesLeft = spill.close();
    ended.complete(null);
  }

  private void died(TrackingException reason) {
    noteRefusal(reason);
    metrics.refuse(reason);
    metrics.close();
    calls.close(Optional.empty());
    calls.refuse();
    try {
      keepRest("the sender has died", System.nanoTime());
    } finally {
      release();
    }
  }

  private void metricsRefused(TrackingException reason) {
    if (metrics.failure().isEmpty()) {
      metrics.refuse(reason);
      noteRefusal(reason);
    }
  }

  private void noteRefusal(TrackingException reason) {
    synchronized (this) {
      if (refusals.size() < MAX_REFUSALS) {
        refusals.add(reason);
      }
    }
    try {
      options.listener().refused(reason);
    } catch (RuntimeException e) {
      log.warn("the listener of run {} failed", runId, e);
    }
  }

  private void tellDropped(DroppedPoints inAll) {
    try {
      options.listener().dropped(inAll);
    } catch (RuntimeException e) {
      log.warn("the listener of run {} failed", runId, e);
    }
  }

  /** Returns why the service takes no metrics of this run, or the run itself, any more. */
  Optional<TrackingException> refusal() {
    return metrics.failure();
  }

  RunSummary summary() {
    Counts counts = metrics.counts();
    List<TrackingException> refused;
    long lost;
    synchronized (this) {
      refused = List.copyOf(refusals);
      lost = lostCalls;
    }
    return new RunSummary(
        runId,
        counts.logged(),
        counts.acknowledged(),
        counts.logged() - counts.acknowledged() - counts.inMemory() - counts.dropped().lost(),
        counts.dropped(),
        calls.size(),
        lost,
        refused,
        !hasEnded() || filesLeft ? spill.folder() : Optional.empty());
  }

  private final class CallOutcomes implements RunCallLane.Outcomes {
    @Override
    public void answered(RunCall call) {
      spill.answered(call);
    }

    @Override
    public void refused(RunCall call, TrackingException reason) {
      if (call.kind() == Kind.CREATE_RUN) {
        metrics.refuse(reason);
        calls.refuse();
      } else {
        spill.answered(call);
      }
      noteRefusal(reason);
    }
  }
}

package dev.slipway.serving.upstream;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.FieldMask;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.RunStatus;
import dev.slipway.tracking.v1.SetRunTagsRequest;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceStub;
import dev.slipway.tracking.v1.UpdateRunRequest;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends metrics to tracking runs, one call after the other. What cannot be sent waits, a bounded
 * number of calls. Of more the oldest are dropped, those that end runs after all others; a call
 * that came twice logs nothing twice. Thread-safe; nothing here blocks.
 */
public final class RunMetrics {
  private static final Logger log = LoggerFactory.getLogger(RunMetrics.class);

  private static final long SECONDS = 5;

  /** About an hour of three rules. */
  private static final int MOST_WAITING = 1_000;

  /**
   * A call that the service fails on, which may be the call's fault, holds up the others so often.
   */
  static final int MOST_FAULTS = 10;

  /** Tag of a run whose rule was withdrawn; its value says why. */
  static final String ABORTED_TAG = "slipway.traffic.aborted";

  private final Channel tracking;

  @GuardedBy("this")
  private final Deque<Call> waiting = new ArrayDeque<>();

  @GuardedBy("this")
  private boolean sending;

  /** How often the service has failed on the call at the head. */
  @GuardedBy("this")
  private int faults;

  @GuardedBy("this")
  private boolean away;

  /** Creates it; the channel stays the caller's. */
  public RunMetrics(Channel tracking) {
    this.tracking = tracking;
  }

  /**
   * One value of one metric.
   *
   * @param key the metric
   * @param value its value
   */
  public record Point(String key, double value) {}

  /**
   * How the rule that a run belongs to has ended.
   *
   * @param abortReason why it was withdrawn; empty when it was not
   */
  public record End(String abortReason) {}

  /** Makes one call and tells its outcome. */
  private interface Rpc {
    void make(TrackingServiceStub stub, Call call);
  }

  /**
   * A call to be made.
   *
   * @param ends whether it is of those that end a run
   */
  private record Call(String runId, boolean ends, Rpc rpc) {}

  /** Logs points of one moment. */
  public void log(String runId, List<Point> points, long step, Instant time) {
    LogBatchRequest.Builder request = LogBatchRequest.newBuilder().setRunId(runId);
    for (Point point : points) {
      request.addMetrics(
          Metric.newBuilder()
              .setKey(point.key())
              .setValue(point.value())
              .setStep(step)
              .setTimestampMs(time.toEpochMilli()));
    }
    LogBatchRequest batch = request.build();
    add(new Call(runId, false, (stub, call) -> stub.logBatch(batch, new Outcome<>(call))));
  }

  /** Ends a run: FAILED when its rule was withdrawn, else FINISHED. */
  public void end(String runId, End end) {
    boolean aborted = !end.abortReason().isEmpty();
    if (aborted) {
      SetRunTagsRequest tags =
          SetRunTagsRequest.newBuilder()
              .setRunId(runId)
              .addTags(Tag.newBuilder().setKey(ABORTED_TAG).setValue(end.abortReason()))
              .build();
      add(new Call(runId, true, (stub, call) -> stub.setRunTags(tags, new Outcome<>(call))));
    }
    UpdateRunRequest update =
        UpdateRunRequest.newBuilder()
            .setRun(
                RunInfo.newBuilder()
                    .setRunId(runId)
                    .setStatus(
                        aborted ? RunStatus.RUN_STATUS_FAILED : RunStatus.RUN_STATUS_FINISHED))
            .setUpdateMask(FieldMask.newBuilder().addPaths("status"))
            .build();
    add(new Call(runId, true, (stub, call) -> stub.updateRun(update, new Outcome<>(call))));
  }

  private synchronized void add(Call call) {
    if (waiting.size() >= MOST_WAITING) {
      // The one at the head may be under way.
      Call head = waiting.pollFirst();
      Call dropped =
          waiting.stream().filter(other -> !other.ends()).findFirst().orElse(waiting.peekFirst());
      waiting.remove(dropped);
      waiting.addFirst(head);
    }
    waiting.addLast(call);
  }

  /** Sends what waits, unless that is being done. To be called from time to time. */
  public void send() {
    Call call;
    synchronized (this) {
      call = waiting.peekFirst();
      if (sending || call == null) {
        return;
      }
      sending = true;
    }
    call.rpc()
        .make(
            TrackingServiceGrpc.newStub(tracking).withDeadlineAfter(SECONDS, TimeUnit.SECONDS),
            call);
  }

  private void done() {
    synchronized (this) {
      waiting.pollFirst();
      sending = false;
      faults = 0;
      if (away) {
        log.info("figures of traffic are logged again");
      }
      away = false;
    }
    send();
  }

  private void failed(Call call, Status status) {
    synchronized (this) {
      if (mayPass(status)) {
        sending = false;
        if (!away) {
          log.warn("figures of traffic wait, since tracking does not take them: {}", status);
        }
        away = true;
        return;
      }
    }
    log.warn("figures of traffic are lost: run {} does not take them: {}", call.runId(), status);
    done();
  }

  /** Tells whether another try may help. */
  @GuardedBy("this")
  private boolean mayPass(Status status) {
    return switch (status.getCode()) {
      case UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, CANCELLED -> true;
      case UNKNOWN, INTERNAL -> ++faults < MOST_FAULTS;
      default -> false;
    };
  }

  /** Takes the outcome of a call; what it answers says nothing. */
  private final class Outcome<T> implements StreamObserver<T> {
    private final Call call;

    Outcome(Call call) {
      this.call = call;
    }

    @Override
    public void onNext(T answer) {}

    @Override
    public void onError(Throwable failure) {
      failed(call, Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      done();
    }
  }
}

package dev.slipway.client;

import com.google.protobuf.Timestamp;
import dev.slipway.client.RunCallQueue.RunCall;
import dev.slipway.client.SpillRecord.Kind;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.RunStatus;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceStub;
import dev.slipway.tracking.v1.UpdateRunRequest;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the calls of one run in order, one at a time, each again until it is answered; all of them
 * change nothing when they are repeated. For one thread, which calls {@link #step} again and again.
 */
final class RunCallLane {
  private static final Logger log = LoggerFactory.getLogger(RunCallLane.class);
  private static final long DEADLINE_SECONDS = 30;

  private final TrackingServiceStub stub;
  private final RunCallQueue queue;
  private final Outcomes outcomes;
  private final ReconnectPolicy reconnect;
  private final Wakeup wakeup;
  private final boolean late;
  private Attempt attempt;
  private TrackingException refusal;

  /** Hears what became of calls. */
  interface Outcomes {
    void answered(RunCall call);

    void refused(RunCall call, TrackingException reason);
  }

  /**
   * @param late whether the calls are so old that somebody may have ended the run after its job
   *     has: then the later end stays
   */
  RunCallLane(
      TrackingServiceStub stub,
      RunCallQueue queue,
      Outcomes outcomes,
      ReconnectPolicy reconnect,
      Wakeup wakeup,
      boolean late) {
    this.stub = stub;
    this.queue = queue;
    this.outcomes = outcomes;
    this.reconnect = reconnect;
    this.wakeup = wakeup;
    this.late = late;
  }

  /** Tells whether the run is there, as far as it depends on the calls that wait. */
  boolean runExists() {
    return queue.first().map(call -> call.kind() != Kind.CREATE_RUN).orElse(true);
  }

  /**
   * Returns why the run cannot be created, after which no call is made; empty while all is well.
   */
  Optional<TrackingException> refusal() {
    return Optional.ofNullable(refusal);
  }

  /**
   * Does what can be done now; returns in how many nanoseconds there may be more to do.
   *
   * @param metricsDrained whether all metrics are there, so that the run may end
   */
  long step(long now, boolean metricsDrained) {
    if (attempt != null && attempt.status != null) {
      finish(attempt, now);
      attempt = null;
    }
    if (attempt != null || refusal != null) {
      return Long.MAX_VALUE;
    }
    Optional<RunCall> next = queue.first();
    if (next.isEmpty() || (next.get().kind() == Kind.UPDATE_RUN && !metricsDrained)) {
      return Long.MAX_VALUE;
    }
    long wait = reconnect.waitNanos(now);
    if (wait > 0) {
      return wait;
    }
    reconnect.attempt();
    attempt = new Attempt(next.get());
    start(attempt);
    return Long.MAX_VALUE;
  }

  private void start(Attempt started) {
    TrackingServiceStub timed = stub.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    RunCall call = started.call;
    switch (call.kind()) {
      case CREATE_RUN -> timed.createRun((CreateRunRequest) call.request(), started.observer());
      case LOG_BATCH -> timed.logBatch((LogBatchRequest) call.request(), started.observer());
      case UPDATE_RUN -> end(timed, (UpdateRunRequest) call.request(), started);
      case METRICS, ANSWERED -> throw new IllegalArgumentException(call.kind() + " is no call");
    }
  }

  private void end(TrackingServiceStub timed, UpdateRunRequest end, Attempt started) {
    if (late) {
      GetRunRequest run = GetRunRequest.newBuilder().setRunId(end.getRun().getRunId()).build();
      timed.getRun(run, started.endObserver(timed, end));
    } else {
      timed.updateRun(end, started.observer());
    }
  }

  private static boolean hasLaterEnd(RunInfo run, RunInfo end) {
    return run.getStatus() != RunStatus.RUN_STATUS_RUNNING
        && run.getStatus() != RunStatus.RUN_STATUS_SCHEDULED
        && instant(run.getEndTime()).isAfter(instant(end.getEndTime()));
  }

  private static Instant instant(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }

  private void finish(Attempt ended, long now) {
    RunCall call = ended.call;
    Status status = ended.status;
    if (status.isOk()) {
      reconnect.succeeded();
      queue.remove(call);
      outcomes.answered(call);
    } else if (ReconnectPolicy.refusesCall(status.getCode())) {
      refuse(call, TrackingException.of(describe(call), status, status.asRuntimeException()));
    } else {
      log.debug("{} failed and is tried again: {}", describe(call), status);
      reconnect.failed(now);
    }
  }

  private void refuse(RunCall call, TrackingException reason) {
    log.warn("{}", reason.getMessage());
    if (call.kind() == Kind.CREATE_RUN) {
      refusal = reason;
    } else {
      queue.remove(call);
    }
    outcomes.refused(call, reason);
  }

  private static String describe(RunCall call) {
    return switch (call.kind()) {
      case CREATE_RUN -> "creation of run " + ((CreateRunRequest) call.request()).getRunId();
      case LOG_BATCH -> describe((LogBatchRequest) call.request());
      default -> "end of run " + ((UpdateRunRequest) call.request()).getRun().getRunId();
    };
  }

  private static String describe(LogBatchRequest batch) {
    String first =
        batch.getParamsCount() > 0
            ? "param '" + batch.getParams(0).getKey()
            : "tag '" + batch.getTags(0).getKey();
    int others = batch.getParamsCount() + batch.getTagsCount() - 1;
    return first
        + "'"
        + (others > 0 ? " and " + others + " more" : "")
        + " of run "
        + batch.getRunId();
  }

  /** Is one try of a call; the status comes on a thread of gRPC's. */
  private final class Attempt {
    private final RunCall call;
    private volatile Status status;

    Attempt(RunCall call) {
      this.call = call;
    }

    <T> StreamObserver<T> observer() {
      return new StreamObserver<>() {
        @Override
        public void onNext(T answer) {}

        @Override
        public void onError(Throwable cause) {
          end(Status.fromThrowable(cause));
        }

        @Override
        public void onCompleted() {
          end(Status.OK);
        }
      };
    }

    /** Ends the run, unless it turns out to have a later end. */
    StreamObserver<Run> endObserver(TrackingServiceStub timed, UpdateRunRequest request) {
      return new StreamObserver<>() {
        @Override
        public void onNext(Run run) {
          if (hasLaterEnd(run.getInfo(), request.getRun())) {
            end(Status.OK);
          } else {
            timed.updateRun(request, observer());
          }
        }

        @Override
        public void onError(Throwable cause) {
          end(Status.fromThrowable(cause));
        }

        @Override
        public void onCompleted() {}
      };
    }

    private void end(Status outcome) {
      status = outcome;
      wakeup.signal();
    }
  }
}

package dev.slipway.client;

import dev.slipway.client.MetricSession.End;
import dev.slipway.client.MetricSession.News;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceStub;
import io.grpc.Status;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the batches of one writer to the service in order, each once: opens a stream, sends as far
 * as the service gives credit, and after a break opens another and sends again what was not
 * acknowledged. For one thread, which calls {@link #step} again and again.
 */
final class MetricLane {
  private static final Logger log = LoggerFactory.getLogger(MetricLane.class);

  // A server, or what is in its place, may take a connection and then say nothing.
  private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long NOT_YET = -1;

  private final TrackingServiceStub stub;
  private final String runId;
  private final String writerId;
  private final BatchSource source;
  private final ReconnectPolicy reconnect;
  private final Wakeup wakeup;

  // Batches that were sent on any stream and are not acknowledged; the credit bounds them.
  private final ArrayDeque<Sent> sent = new ArrayDeque<>();
  private MetricSession session;
  private boolean opened;
  private long answers;
  private long silentSince;
  private long committedSeq;
  private long sentSeq;
  private long everSentSeq;
  private long pointsInFlight;
  private long credit;
  // Read already, and waiting for credit.
  private MetricBatch next;
  private TrackingException refusal;

  private record Sent(long seq, int points) {}

  /**
   * @param committedSeq the last batch that the service has; empty when only the service knows
   */
  MetricLane(
      TrackingServiceStub stub,
      String runId,
      String writerId,
      OptionalLong committedSeq,
      BatchSource source,
      ReconnectPolicy reconnect,
      Wakeup wakeup) {
    this.stub = stub;
    this.runId = runId;
    this.writerId = writerId;
    this.source = source;
    this.reconnect = reconnect;
    this.wakeup = wakeup;
    this.committedSeq = committedSeq.orElse(NOT_YET);
    this.everSentSeq = committedSeq.orElse(0);
  }

  /** Tells whether the service takes batches at present. */
  boolean isOpen() {
    return opened;
  }

  /** Returns why the service takes nothing of this writer any more; empty while all is well. */
  Optional<TrackingException> refusal() {
    return Optional.ofNullable(refusal);
  }

  /** Does what can be done now; returns in how many nanoseconds there may be more to do. */
  long step(long now) {
    if (refusal == null && session != null) {
      hear(session.news(), now);
    }
    if (refusal != null) {
      return Long.MAX_VALUE;
    }
    if (session == null) {
      long wait = reconnect.waitNanos(now);
      if (wait > 0) {
        return wait;
      }
      reconnect.attempt();
      session = MetricSession.open(stub, runId, writerId, wakeup);
      silentSince = now;
      answers = 0;
    }
    if (opened) {
      send(now);
    }
    return waitForAnswer(now);
  }

  private void hear(News news, long now) {
    if (news.answers() > answers) {
      answers = news.answers();
      silentSince = now;
      if (news.opened() && !opened) {
        open(news.committedSeq());
      } else if (opened) {
        acknowledge(news.committedSeq());
      }
      credit = news.credit();
      news.hints().ifPresent(source::heed);
    }
    if (refusal == null) {
      news.end().ifPresent(end -> ended(end, now));
    }
  }

  private void open(long committed) {
    if (committedSeq == NOT_YET) {
      committedSeq = committed;
      everSentSeq = committed;
      source.continueAfter(committed);
    } else if (committed < committedSeq) {
      refuseForeign(committed);
      return;
    }
    sentSeq = committed;
    pointsInFlight = 0;
    next = null;
    acknowledge(committed);
    if (refusal == null) {
      opened = true;
      reconnect.succeeded();
    }
  }

  /**
   * Counts what the service has. When it has more than was sent here, none of it can be told from
   * what somebody else sent under our name: nothing is counted then.
   */
  private void acknowledge(long committed) {
    if (committed > everSentSeq) {
      refuseForeign(committed);
      return;
    }
    long points = 0;
    while (!sent.isEmpty() && sent.peek().seq <= committed) {
      Sent batch = sent.remove();
      points += batch.points;
      if (batch.seq <= sentSeq && opened) {
        pointsInFlight -= batch.points;
      }
    }
    if (committed > committedSeq) {
      committedSeq = committed;
      source.acknowledged(committed, points);
    }
  }

  private void refuseForeign(long committed) {
    refuse(
        Status.Code.OUT_OF_RANGE,
        "the service has other batches of writer "
            + writerId
            + " than were sent here: it has number "
            + committed
            + ", sent were "
            + (committedSeq + 1)
            + " to "
            + everSentSeq,
        null);
  }

  private void ended(End end, long now) {
    Status status = end.status();
    if (ReconnectPolicy.refusesStream(status.getCode())) {
      session = null;
      refuse(TrackingException.of("metrics of run " + runId, status, end.cause()));
      return;
    }
    log.debug("the metric stream of run {} broke: {}", runId, status);
    disconnected(now);
  }

  private void refuse(Status.Code code, String message, Throwable cause) {
    refuse(new TrackingException(message, code, cause));
  }

  private void refuse(TrackingException reason) {
    log.warn("{}", reason.getMessage());
    refusal = reason;
    close("refused");
  }

  private void disconnected(long now) {
    session = null;
    opened = false;
    next = null;
    reconnect.failed(now);
  }

  private void send(long now) {
    try {
      while (session.isReady()) {
        if (next == null) {
          next = source.after(sentSeq).orElse(null);
        }
        if (next == null) {
          return;
        }
        int points = next.getValueCount();
        if (pointsInFlight > 0 && pointsInFlight + points > credit) {
          return;
        }
        if (sent.isEmpty()) {
          silentSince = now;
        }
        session.send(next);
        sentSeq = next.getSeq();
        pointsInFlight += points;
        next = null;
        if (sentSeq > everSentSeq) {
          everSentSeq = sentSeq;
          sent.add(new Sent(sentSeq, points));
        }
      }
    } catch (IOException e) {
      refuse(Status.Code.DATA_LOSS, "metrics of run " + runId + " cannot be read back: " + e, e);
    }
  }

  /** Gives up a service that owes an answer for too long; it may answer to a new stream. */
  private long waitForAnswer(long now) {
    if (refusal != null || (opened && sent.isEmpty())) {
      return Long.MAX_VALUE;
    }
    long left = silentSince + SILENCE_NANOS - now;
    if (left <= 0) {
      session.cancel("the service does not answer");
      disconnected(now);
      return reconnect.waitNanos(now);
    }
    return left;
  }

  /** Ends the stream: the service hears that nothing more comes. */
  void complete() {
    if (session != null) {
      session.complete();
      session = null;
    }
    opened = false;
  }

  /** Ends the stream whatever is on its way. */
  void close(String why) {
    if (session != null) {
      session.cancel(why);
      session = null;
    }
    opened = false;
  }
}

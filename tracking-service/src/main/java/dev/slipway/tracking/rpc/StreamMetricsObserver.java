package dev.slipway.tracking.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.Duration;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.StatusMapper;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.service.MetricStream;
import dev.slipway.tracking.service.MetricStreams;
import dev.slipway.tracking.v1.MetricAck;
import dev.slipway.tracking.v1.MetricStreamHints;
import dev.slipway.tracking.v1.MetricStreamOpened;
import dev.slipway.tracking.v1.StreamMetricsRequest;
import dev.slipway.tracking.v1.StreamMetricsResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Receives one metric stream.
 *
 * <p>Messages are asked for one by one while the writer stays within its credit, which is the
 * back-pressure: a client that sends faster than the database commits waits in its own transport.
 * Acknowledgements are written only while the client reads them; the newest one replaces those that
 * it has not taken, so that a client which reads slowly costs no memory.
 *
 * <p>gRPC calls from one thread at a time, which is the transport's, so that nothing here may wait:
 * opening, which asks the database, happens on a thread of its own. The stream's outcomes come from
 * the committer's. Writes to the call are guarded by this object's lock, which is never held while
 * the stream is called.
 */
final class StreamMetricsObserver implements StreamObserver<StreamMetricsRequest> {
  private static final MetricStreamHints HINTS =
      MetricStreamHints.newBuilder()
          .setPreferredBatchPoints(MetricBatch.PREFERRED_POINTS)
          .setFlushInterval(Duration.newBuilder().setNanos(50_000_000))
          .build();

  private final MetricStreams streams;
  private final Predicate<String> isKnownName;
  private final ServerCallStreamObserver<StreamMetricsResponse> call;

  /** Set once the stream is open; no message is asked for between the opening one and that. */
  private volatile Optional<MetricStream> stream = Optional.empty();

  /** Whether the opening message came; only gRPC's thread uses it. */
  private boolean opening;

  /** The dictionary of the batch before; only gRPC's thread uses it. */
  private List<String> names = List.of();

  @GuardedBy("this")
  private boolean opened;

  @GuardedBy("this")
  private boolean halfClosed;

  @GuardedBy("this")
  private long committedSeq;

  @GuardedBy("this")
  private boolean ackDue;

  @GuardedBy("this")
  private boolean closed;

  StreamMetricsObserver(
      MetricStreams streams,
      Predicate<String> isKnownName,
      ServerCallStreamObserver<StreamMetricsResponse> call) {
    this.streams = streams;
    this.isKnownName = isKnownName;
    this.call = call;
    call.disableAutoRequest();
    call.setOnReadyHandler(this::ready);
    call.setOnCancelHandler(this::cancelled);
    call.request(1);
  }

  @Override
  public void onNext(StreamMetricsRequest message) {
    try {
      switch (message.getMessageCase()) {
        case OPEN -> open(message);
        case BATCH -> batch(message.getBatch());
        case MESSAGE_NOT_SET ->
            throw InvalidRequestException.of("message", "one of open and batch must be set");
      }
    } catch (RuntimeException e) {
      if (stream.isEmpty()) {
        close(Optional.of(e));
        return;
      }
      stream.get().end(Optional.of(e));
    }
  }

  private void open(StreamMetricsRequest message) {
    if (stream.isPresent()) {
      throw InvalidRequestException.of("open", "comes once, as the first message");
    }
    StreamRequests.Open open = StreamRequests.open(message.getOpen());
    opening = true;
    streams.openLater(
        open.run(),
        open.writerId(),
        new Progress(),
        this::opened,
        reason -> close(Optional.of(reason)));
  }

  private void opened(MetricStream openedStream) {
    MetricStreamOpened answer =
        MetricStreamOpened.newBuilder()
            .setEpoch(openedStream.opened().epoch())
            .setCommittedSeq(openedStream.opened().committedSeq())
            .setCredit(streams.credit())
            .setHints(HINTS)
            .build();
    boolean clientGone;
    boolean clientDone;
    synchronized (this) {
      stream = Optional.of(openedStream);
      clientGone = closed;
      clientDone = halfClosed;
      if (!closed) {
        opened = true;
        committedSeq = answer.getCommittedSeq();
        call.onNext(StreamMetricsResponse.newBuilder().setOpened(answer).build());
      }
    }
    if (clientGone) {
      abandon(openedStream);
    } else if (clientDone) {
      openedStream.end(Optional.empty());
    } else {
      requestNext();
    }
  }

  private void batch(dev.slipway.tracking.v1.MetricBatch message) {
    if (stream.isEmpty()) {
      throw InvalidRequestException.of("batch", "must not come before open");
    }
    StreamRequests.Batch batch = StreamRequests.batch(message, names, isKnownName);
    names = batch.names();
    stream.get().receive(message.getSeq(), batch.points());
    requestNext();
  }

  @Override
  public void onError(Throwable cause) {
    cancelled();
  }

  @Override
  public void onCompleted() {
    if (!opening) {
      close(Optional.of(InvalidRequestException.of("open", "is required as the first message")));
      return;
    }
    Optional<MetricStream> open;
    synchronized (this) {
      halfClosed = true;
      open = stream;
    }
    open.ifPresent(ended -> ended.end(Optional.empty()));
  }

  /** The client is gone: what it sent is still committed, but nobody is told. */
  private void cancelled() {
    Optional<MetricStream> open;
    synchronized (this) {
      closed = true;
      open = stream;
    }
    open.ifPresent(this::abandon);
  }

  private void abandon(MetricStream abandoned) {
    abandoned.end(Optional.empty());
    streams.closed(abandoned);
  }

  /**
   * Asks for the next message, unless the writer has used up its credit, or all streams their
   * memory; the stream then says when there is room.
   */
  private void requestNext() {
    if (stream.isEmpty() || stream.get().hasRoom(streams.credit())) {
      call.request(1);
    }
  }

  private synchronized void ready() {
    sendAck();
  }

  @GuardedBy("this")
  private void sendAck() {
    if (opened && !closed && ackDue && call.isReady()) {
      writeAck();
    }
  }

  @GuardedBy("this")
  private void writeAck() {
    ackDue = false;
    call.onNext(
        StreamMetricsResponse.newBuilder()
            .setAck(
                MetricAck.newBuilder().setCommittedSeq(committedSeq).setCredit(streams.credit()))
            .build());
  }

  private synchronized void close(Optional<RuntimeException> reason) {
    if (closed) {
      return;
    }
    if (opened && ackDue) {
      writeAck();
    }
    closed = true;
    if (reason.isPresent()) {
      call.onError(StatusMapper.toStatus(reason.get()));
    } else {
      call.onCompleted();
    }
  }

  private synchronized void progressed(long newCommittedSeq) {
    committedSeq = newCommittedSeq;
    ackDue = true;
    sendAck();
  }

  /** Passes on what the committer's thread says. */
  private final class Progress implements MetricStream.Listener {
    @Override
    public void progressed(long newCommittedSeq) {
      StreamMetricsObserver.this.progressed(newCommittedSeq);
    }

    @Override
    public void roomAgain() {
      call.request(1);
    }

    @Override
    public void ended(MetricStream ended, Optional<RuntimeException> reason) {
      streams.closed(ended);
      close(reason);
    }
  }
}

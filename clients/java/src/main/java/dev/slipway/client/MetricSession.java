package dev.slipway.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.MetricStreamHints;
import dev.slipway.tracking.v1.OpenMetricStream;
import dev.slipway.tracking.v1.StreamMetricsRequest;
import dev.slipway.tracking.v1.StreamMetricsResponse;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceStub;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.Optional;

/**
 * Is one stream to the service, from its opening to its end. One thread sends and reads the {@link
 * News}; gRPC's threads bring them. Acknowledgements are cumulative, so that only the latest is
 * kept, however many come.
 */
final class MetricSession
    implements ClientResponseObserver<StreamMetricsRequest, StreamMetricsResponse> {
  private final Wakeup wakeup;
  // Set before the call starts.
  private ClientCallStreamObserver<StreamMetricsRequest> requests;

  @GuardedBy("this")
  private News news = new News(false, 0, 0, Optional.empty(), Optional.empty(), 0);

  /**
   * Is what the service has said so far.
   *
   * @param opened whether it took the stream
   * @param committedSeq the last batch that it has; 0 for none
   * @param credit how many points may be on their way
   * @param hints its last wishes
   * @param end how the stream ended
   * @param answers how many messages came, to tell silence
   */
  record News(
      boolean opened,
      long committedSeq,
      long credit,
      Optional<MetricStreamHints> hints,
      Optional<End> end,
      long answers) {}

  /** Is the end of a stream: its status and, if there is one, the exception. */
  record End(Status status, Throwable cause) {}

  private MetricSession(Wakeup wakeup) {
    this.wakeup = wakeup;
  }

  static MetricSession open(
      TrackingServiceStub stub, String runId, String writerId, Wakeup wakeup) {
    MetricSession session = new MetricSession(wakeup);
    stub.streamMetrics(session);
    session.requests.onNext(
        StreamMetricsRequest.newBuilder()
            .setOpen(OpenMetricStream.newBuilder().setRunId(runId).setWriterId(writerId))
            .build());
    return session;
  }

  synchronized News news() {
    return news;
  }

  /** Tells whether the transport takes a batch without storing it up. */
  boolean isReady() {
    return requests.isReady();
  }

  void send(MetricBatch batch) {
    requests.onNext(StreamMetricsRequest.newBuilder().setBatch(batch).build());
  }

  /** Says that nothing more comes. */
  void complete() {
    requests.onCompleted();
  }

  void cancel(String why) {
    requests.cancel(why, null);
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<StreamMetricsRequest> stream) {
    requests = stream;
    stream.setOnReadyHandler(wakeup::signal);
  }

  @Override
  public void onNext(StreamMetricsResponse response) {
    if (response.hasOpened()) {
      tell(
          true,
          response.getOpened().getCommittedSeq(),
          response.getOpened().getCredit(),
          Optional.of(response.getOpened().getHints()));
    } else {
      tell(
          false,
          response.getAck().getCommittedSeq(),
          response.getAck().getCredit(),
          response.getAck().hasHints()
              ? Optional.of(response.getAck().getHints())
              : Optional.empty());
    }
    wakeup.signal();
  }

  private synchronized void tell(
      boolean opened, long committedSeq, long credit, Optional<MetricStreamHints> hints) {
    news =
        new News(
            news.opened || opened,
            committedSeq,
            credit > 0 ? credit : news.credit,
            hints.or(() -> news.hints),
            news.end,
            news.answers + 1);
  }

  @Override
  public void onError(Throwable cause) {
    ended(new End(Status.fromThrowable(cause), cause));
  }

  @Override
  public void onCompleted() {
    ended(new End(Status.UNAVAILABLE.withDescription("the service ended the stream"), null));
  }

  private void ended(End end) {
    synchronized (this) {
      news =
          new News(
              news.opened,
              news.committedSeq,
              news.credit,
              news.hints,
              Optional.of(end),
              news.answers);
    }
    wakeup.signal();
  }
}

package dev.slipway.tracking.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.MetricStreamOpened;
import dev.slipway.tracking.v1.OpenMetricStream;
import dev.slipway.tracking.v1.StreamMetricsRequest;
import dev.slipway.tracking.v1.StreamMetricsResponse;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Is a client's end of a metric stream, for tests. */
final class MetricWriter {
  private static final long TIMEOUT_SECONDS = 30;

  private final CompletableFuture<MetricStreamOpened> opened = new CompletableFuture<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private final Object lock = new Object();
  private final ClientCallStreamObserver<StreamMetricsRequest> requests;
  private long committedSeq = -1;
  private int acks;

  MetricWriter(Channel channel) {
    this(channel, true);
  }

  /**
   * Starts a stream.
   *
   * @param reads whether answers are taken; the opening one always is
   */
  MetricWriter(Channel channel, boolean reads) {
    requests =
        (ClientCallStreamObserver<StreamMetricsRequest>)
            TrackingServiceGrpc.newStub(channel).streamMetrics(new Answers(reads));
  }

  static MetricWriter open(Channel channel, String run, String writerId) {
    MetricWriter writer = new MetricWriter(channel);
    writer.send(run, writerId);
    return writer;
  }

  void send(String run, String writerId) {
    requests.onNext(
        StreamMetricsRequest.newBuilder()
            .setOpen(OpenMetricStream.newBuilder().setRunId(run).setWriterId(writerId))
            .build());
  }

  void send(StreamMetricsRequest request) {
    requests.onNext(request);
  }

  void send(MetricBatch.Builder batch) {
    requests.onNext(StreamMetricsRequest.newBuilder().setBatch(batch).build());
  }

  boolean isReady() {
    return requests.isReady();
  }

  void halfClose() {
    requests.onCompleted();
  }

  void cancel() {
    requests.cancel("test", null);
  }

  MetricStreamOpened opened() throws Exception {
    return opened.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  void awaitCommitted(long seq) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    synchronized (lock) {
      while (committedSeq < seq) {
        long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        assertThat(millis).as("batch %s is acknowledged in time", seq).isPositive();
        assertThat(ended.isCompletedExceptionally()).as("the stream lives").isFalse();
        lock.wait(Math.min(millis, 100));
      }
    }
  }

  long committedSeq() {
    synchronized (lock) {
      return committedSeq;
    }
  }

  int acks() {
    synchronized (lock) {
      return acks;
    }
  }

  /** Waits for the end of the stream, which must be OK. */
  void awaitEnd() throws Exception {
    ended.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
  }

  /** Waits for the error that the stream ends with. */
  Throwable awaitError() throws InterruptedException, TimeoutException {
    try {
      ended.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      return e.getCause();
    }
    throw new AssertionError("the stream ended without an error");
  }

  private final class Answers
      implements ClientResponseObserver<StreamMetricsRequest, StreamMetricsResponse> {
    private final boolean reads;

    Answers(boolean reads) {
      this.reads = reads;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<StreamMetricsRequest> stream) {
      if (!reads) {
        stream.disableAutoRequestWithInitial(1);
      }
    }

    @Override
    public void onNext(StreamMetricsResponse answer) {
      if (answer.hasOpened()) {
        opened.complete(answer.getOpened());
        return;
      }
      synchronized (lock) {
        committedSeq = answer.getAck().getCommittedSeq();
        acks++;
        lock.notifyAll();
      }
    }

    @Override
    public void onError(Throwable failure) {
      opened.completeExceptionally(failure);
      ended.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
      ended.complete(null);
    }
  }
}

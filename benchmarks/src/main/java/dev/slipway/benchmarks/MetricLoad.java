package dev.slipway.benchmarks;

import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.OpenMetricStream;
import dev.slipway.tracking.v1.StreamMetricsRequest;
import dev.slipway.tracking.v1.StreamMetricsResponse;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/**
 * Writes metric streams as fast as the server acknowledges them: each stream on a connection of its
 * own, to a run of its own, within its credit. Batches bring ten metrics step after step, as a
 * training loop does.
 */
final class MetricLoad implements AutoCloseable {
  private static final int METRICS = 10;

  private final Shape shape;
  private final List<String> runs;
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final List<Writer> writers = new ArrayList<>();

  private MetricLoad(Shape shape, List<String> runs) {
    this.shape = shape;
    this.runs = runs;
  }

  /**
   * Opens the streams and begins to write.
   *
   * @param batchesPerStream after how many batches a stream ends
   */
  static MetricLoad start(int port, Shape shape, long batchesPerStream) {
    return start(port, shape, METRICS, batchesPerStream);
  }

  /** As {@link #start(int, Shape, long)}, with one metric and a step for each point. */
  static MetricLoad oneMetric(int port, Shape shape, long batchesPerStream) {
    return start(port, shape, 1, batchesPerStream);
  }

  private static MetricLoad start(int port, Shape shape, int metrics, long batchesPerStream) {
    MetricLoad load = new MetricLoad(shape, Clients.createRuns(port, shape.streams()));
    for (String run : load.runs) {
      ManagedChannel channel = Clients.connect(port);
      load.channels.add(channel);
      Writer writer =
          new Writer(Math.min(metrics, shape.points()), shape.points(), batchesPerStream);
      load.writers.add(writer);
      writer.open(channel, run);
    }
    return load;
  }

  /** Returns the ids of the runs, one per stream. */
  List<String> runs() {
    return runs;
  }

  /** Returns how many points the server has acknowledged so far. */
  long acknowledgedPoints() {
    return writers.stream().mapToLong(Writer::committedSeq).sum() * shape.points();
  }

  /** Lets the load run for a while and returns how many points a second were acknowledged. */
  double run(Duration duration) throws InterruptedException {
    long before = acknowledgedPoints();
    long started = System.nanoTime();
    Thread.sleep(duration.toMillis());
    long after = acknowledgedPoints();
    return (after - before) * 1e9 / (System.nanoTime() - started);
  }

  /**
   * Waits until all streams have sent what they had to, and it is acknowledged.
   *
   * @throws java.util.concurrent.CompletionException if a stream failed
   */
  void await() {
    writers.forEach(writer -> writer.ended.join());
  }

  /** Ends the streams and waits until what they sent is acknowledged. */
  @Override
  public void close() {
    writers.forEach(Writer::end);
    await();
    channels.forEach(ManagedChannel::shutdownNow);
  }

  /** Is the client's end of one stream. Called by its connection's thread, save where it says. */
  private static final class Writer
      implements ClientResponseObserver<StreamMetricsRequest, StreamMetricsResponse> {
    private final int metrics;
    private final int points;
    private final SplittableRandom random = new SplittableRandom(1);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private ClientCallStreamObserver<StreamMetricsRequest> requests;
    private long seq;
    private long step;
    private long credit;
    private boolean opened;
    private boolean halfClosed;
    private volatile long lastSeq;
    private volatile long committedSeq;

    Writer(int metrics, int points, long batches) {
      this.metrics = metrics;
      this.points = points;
      this.lastSeq = batches;
    }

    void open(ManagedChannel channel, String run) {
      TrackingServiceGrpc.newStub(channel).streamMetrics(this);
      requests.onNext(
          StreamMetricsRequest.newBuilder()
              .setOpen(OpenMetricStream.newBuilder().setRunId(run).setWriterId("load"))
              .build());
    }

    /** Returns the last batch that is durable; for any thread. */
    long committedSeq() {
      return committedSeq;
    }

    /** Lets the stream end with the next batch; for any thread. */
    void end() {
      lastSeq = 0;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<StreamMetricsRequest> call) {
      requests = call;
      call.setOnReadyHandler(this::send);
    }

    @Override
    public void onNext(StreamMetricsResponse answer) {
      if (answer.hasOpened()) {
        opened = true;
        credit = answer.getOpened().getCredit();
      } else {
        committedSeq = answer.getAck().getCommittedSeq();
        credit = answer.getAck().getCredit();
      }
      send();
    }

    private void send() {
      while (opened
          && !halfClosed
          && requests.isReady()
          && (seq - committedSeq) * points < credit) {
        if (seq >= lastSeq) {
          halfClosed = true;
          requests.onCompleted();
        } else {
          seq++;
          requests.onNext(StreamMetricsRequest.newBuilder().setBatch(batch()).build());
        }
      }
    }

    private MetricBatch.Builder batch() {
      MetricBatch.Builder batch = MetricBatch.newBuilder().setSeq(seq);
      if (seq == 1) {
        for (int metric = 0; metric < metrics; metric++) {
          batch.addNames("train/metric_" + metric);
        }
      }
      long now = System.currentTimeMillis();
      for (int i = 0; i < points; i++) {
        int metric = i % metrics;
        step += metric == 0 ? 1 : 0;
        batch.addNameIndex(metric).addStep(step).addTimestampMs(now).addValue(random.nextDouble());
      }
      return batch;
    }

    @Override
    public void onError(Throwable failure) {
      ended.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
      ended.complete(null);
    }
  }
}

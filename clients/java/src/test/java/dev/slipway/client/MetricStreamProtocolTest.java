package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.tracking.v1.MetricAck;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.MetricStreamHints;
import dev.slipway.tracking.v1.MetricStreamOpened;
import dev.slipway.tracking.v1.StreamMetricsRequest;
import dev.slipway.tracking.v1.StreamMetricsResponse;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceImplBase;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the client's side of the protocol against a service that says what a test wants. */
class MetricStreamProtocolTest {
  // Of the key "loss".
  private static final long ROOM_FOR_100 = 100 * (32 + 2 * 4);
  private static final String RUN = "0".repeat(32);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Script script = new Script();

  @RegisterExtension
  private final GrpcServerExtension server = GrpcServerExtension.inProcess(script);

  /** Hands each stream to the test, which answers. */
  private static final class Script extends TrackingServiceImplBase {
    private final BlockingQueue<ServedStream> streams = new LinkedBlockingQueue<>();

    @Override
    public StreamObserver<StreamMetricsRequest> streamMetrics(
        StreamObserver<StreamMetricsResponse> response) {
      ServedStream stream = new ServedStream(response);
      streams.add(stream);
      return stream;
    }

    ServedStream next() throws InterruptedException {
      return nextOf(streams);
    }
  }

  private static final class ServedStream implements StreamObserver<StreamMetricsRequest> {
    private final StreamObserver<StreamMetricsResponse> response;
    private final BlockingQueue<MetricBatch> batches = new LinkedBlockingQueue<>();

    ServedStream(StreamObserver<StreamMetricsResponse> response) {
      this.response = response;
    }

    @Override
    public void onNext(StreamMetricsRequest request) {
      if (request.hasBatch()) {
        batches.add(request.getBatch());
      }
    }

    @Override
    public void onError(Throwable cause) {}

    @Override
    public void onCompleted() {
      response.onCompleted();
    }

    void open(long committedSeq, MetricStreamHints hints) {
      response.onNext(
          StreamMetricsResponse.newBuilder()
              .setOpened(
                  MetricStreamOpened.newBuilder()
                      .setCommittedSeq(committedSeq)
                      .setCredit(1_000_000)
                      .setHints(hints))
              .build());
    }

    void ack(long committedSeq) {
      response.onNext(
          StreamMetricsResponse.newBuilder()
              .setAck(MetricAck.newBuilder().setCommittedSeq(committedSeq))
              .build());
    }

    MetricBatch batch() throws InterruptedException {
      return nextOf(batches);
    }
  }

  private static <T> T nextOf(BlockingQueue<T> queue) throws InterruptedException {
    T next = queue.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertThat(next).as("what the client sends").isNotNull();
    return next;
  }

  private static MetricStreamOptions options(int batchPoints, Duration flushInterval) {
    return new MetricStreamOptions(
        "w",
        batchPoints,
        flushInterval,
        ROOM_FOR_100,
        Duration.ofMillis(5),
        Duration.ofMillis(50),
        Duration.ofMillis(200),
        Duration.ofMillis(100));
  }

  private static void assertFails(MetricStream stream, Code code) {
    assertThatThrownBy(() -> stream.flush(PATIENCE))
        .isInstanceOfSatisfying(TrackingException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void open_serviceHasBatchesOfSomebodyElse_failsAndCountsNothing() throws Exception {
    try (MetricStream stream =
        MetricStream.open(server.channel(), RUN, options(1, Duration.ofHours(1)))) {
      stream.log("loss", 1, 1);
      ServedStream first = script.next();
      first.open(0, MetricStreamHints.getDefaultInstance());
      assertThat(first.batch().getSeq()).isEqualTo(1);
      first.response.onError(Status.UNAVAILABLE.asRuntimeException());

      script.next().open(5, MetricStreamHints.getDefaultInstance());

      assertFails(stream, Code.OUT_OF_RANGE);
      assertThat(stream.acknowledgedPoints()).isZero();
      assertThat(stream.droppedPoints()).isEqualTo(1);
    } catch (TrackingException e) {
      assertThat(e.code()).isEqualTo(Code.OUT_OF_RANGE);
    }
  }

  @Test
  void ack_ofABatchThatWasNeverMade_failsAndCountsNothing() throws Exception {
    MetricStream stream = MetricStream.open(server.channel(), RUN, options(1, Duration.ofHours(1)));
    stream.log("loss", 1, 1);
    ServedStream served = script.next();
    served.open(0, MetricStreamHints.getDefaultInstance());
    assertThat(served.batch().getSeq()).isEqualTo(1);

    served.ack(2);

    assertFails(stream, Code.OUT_OF_RANGE);
    assertThat(stream.acknowledgedPoints()).isZero();
    assertThatThrownBy(stream::close).isInstanceOf(TrackingException.class);
  }

  @Test
  void stream_fencedByANewerOne_endsAndDropsTheRest() throws Exception {
    MetricStream stream = MetricStream.open(server.channel(), RUN, options(1, Duration.ofHours(1)));
    ServedStream served = script.next();
    served.open(0, MetricStreamHints.getDefaultInstance());
    stream.log("loss", 1, 1);
    assertThat(served.batch().getSeq()).isEqualTo(1);
    served.ack(1);
    assertThat(stream.flush(PATIENCE)).isTrue();

    stream.log("loss", 2, 2);
    assertThat(served.batch().getSeq()).isEqualTo(2);
    served.response.onError(Status.ABORTED.asRuntimeException());

    assertFails(stream, Code.ABORTED);
    stream.log("loss", 3, 3);
    assertThat(stream.acknowledgedPoints()).isEqualTo(1);
    assertThat(stream.droppedPoints()).isEqualTo(2);
    assertThatThrownBy(stream::close).isInstanceOf(TrackingException.class);
    assertThat(script.streams).isEmpty();
  }

  @Test
  void close_pointsCameOnlyAfterTheRefusal_tellsWhy() throws Exception {
    MetricStream stream = refusedStream();
    stream.log("loss", 1, 1);

    assertThat(stream.droppedPoints()).isEqualTo(1);
    assertThatThrownBy(stream::close)
        .isInstanceOfSatisfying(
            TrackingException.class, e -> assertThat(e.code()).isEqualTo(Code.NOT_FOUND));
    stream.close();
  }

  @Test
  void close_refusedButNothingWasLogged_isSilent() throws Exception {
    MetricStream stream = refusedStream();
    stream.close();
    stream.log("loss", 1, 1);

    assertThat(stream.failure()).isPresent();
    assertThat(stream.droppedPoints()).isEqualTo(1);
  }

  private MetricStream refusedStream() throws InterruptedException {
    MetricStream stream = MetricStream.open(server.channel(), RUN, options(1, Duration.ofHours(1)));
    script.next().response.onError(Status.NOT_FOUND.asRuntimeException());
    TrackingBackend.await(() -> stream.failure().isPresent());
    return stream;
  }

  @ParameterizedTest
  @CsvSource({"7, PT1H", "100, PT0.005S"})
  void hints_forWhatTheCallerChose_changeNothing(int batchPoints, Duration flushInterval)
      throws Exception {
    MetricStreamHints hints =
        MetricStreamHints.newBuilder()
            .setPreferredBatchPoints(50)
            .setFlushInterval(com.google.protobuf.Duration.newBuilder().setSeconds(3600))
            .build();
    MetricStream stream =
        MetricStream.open(server.channel(), RUN, options(batchPoints, flushInterval));
    ServedStream served = script.next();
    served.open(0, hints);
    stream.log("loss", 0, 0);
    assertThat(stream.flush(Duration.ofMillis(1))).isFalse();
    assertThat(served.batch().getSeq()).isEqualTo(1);

    // The stream is open by now. Were the hints heeded, nothing would be sent for an hour.
    for (int i = 1; i <= 7; i++) {
      stream.log("loss", i, i);
    }

    assertThat(served.batch().getValue(0)).isEqualTo(1);
    assertThatThrownBy(stream::close).isInstanceOf(TrackingException.class);
  }

  @Test
  void log_atTheBound_waitsOnceThenDropsUntilThereIsRoom() throws Exception {
    try (MetricStream stream =
        MetricStream.open(
            server.channel(), RUN, options(100, Duration.ofHours(1)).withCloseTimeout(PATIENCE))) {
      ServedStream served = script.next();
      served.open(0, MetricStreamHints.getDefaultInstance());
      long begun = System.nanoTime();

      for (int i = 0; i < 400; i++) {
        stream.log("loss", i, i);
      }

      assertThat(Duration.ofNanos(System.nanoTime() - begun))
          // Were each of 300 points to wait, it would take 30 s.
          .isBetween(Duration.ofMillis(100), Duration.ofSeconds(25));
      // Each batch takes some of the room besides its points, and how they are cut is the sender's.
      long dropped = stream.droppedPoints();
      assertThat(dropped).isBetween(300L, 399L);
      // A rest too small to be worth a batch would wait for its hour.
      assertThat(stream.flush(Duration.ofMillis(1))).isFalse();
      MetricBatch last = served.batch();
      int batches = 1;
      for (int points = last.getValueCount(); points < 400 - dropped; batches++) {
        last = served.batch();
        points += last.getValueCount();
      }
      // No point was dropped for which there was room: 40 bytes for each with its key, 512 a batch.
      assertThat((400 - dropped) * 40 + batches * 512L).isGreaterThan(ROOM_FOR_100 - 40);
      served.ack(last.getSeq());
      assertThat(stream.flush(PATIENCE)).isTrue();
      stream.log("loss", 400, 400);
      assertThat(stream.droppedPoints()).isEqualTo(dropped);
      Thread closer = new Thread(stream::close);
      closer.start();
      assertThat(served.batch().getValueList()).containsExactly(400.0);
      served.ack(last.getSeq() + 1);
      closer.join();
    }
  }

  @Test
  void sender_diesOfAnError_isToldToWhoeverWaits() {
    Channel broken =
        new Channel() {
          @Override
          public <Q, R> ClientCall<Q, R> newCall(
              MethodDescriptor<Q, R> method, CallOptions callOptions) {
            throw new NoClassDefFoundError("shaded/away");
          }

          @Override
          public String authority() {
            return "broken";
          }
        };
    MetricStream stream = MetricStream.open(broken, RUN, options(1, Duration.ofHours(1)));
    stream.log("loss", 1, 1);

    assertFails(stream, Code.INTERNAL);
    assertThat(stream.droppedPoints()).isEqualTo(1);
  }
}

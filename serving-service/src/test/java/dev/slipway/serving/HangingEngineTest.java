package dev.slipway.serving;

import static dev.slipway.serving.testing.ServingHarness.ask;
import static dev.slipway.serving.testing.ServingHarness.y;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.ListenableFuture;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceFutureStub;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.execution.QueueLimits;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An engine that hangs in predictions, over real connections. */
class HangingEngineTest {
  private static final int MAX_QUEUED = 2;
  private static final int MAX_RUNNING = 2;

  /** Seconds that no call of this test needs. */
  private static final int PATIENCE = 120;

  /** Hangs until the first latch is open. */
  private static final float HANGS = 13;

  /** Hangs until the second latch is open. */
  private static final float HANGS_LONGER = 14;

  @TempDir Path folder;

  private volatile CountDownLatch goOn = new CountDownLatch(1);
  private final CountDownLatch goOnAtLast = new CountDownLatch(1);
  private final Semaphore hanging = new Semaphore(0);
  private volatile String lastThread = "";

  // Its own threads: those that the server reads its connections on may hang.
  private final EventLoopGroup clients =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private ServingHarness harness;
  private ManagedChannel first;
  private ManagedChannel second;

  @BeforeEach
  void start() {
    harness =
        new ServingHarness(
            folder,
            config ->
                new ServingConfig(
                    config.cacheFolder(),
                    config.followed(),
                    new QueueLimits(MAX_QUEUED, MAX_RUNNING, 1),
                    config.keep(),
                    config.loads(),
                    config.idleBufferBytes(),
                    config.cacheBytes(),
                    config.python()));
    ScriptedEngine.HOOKS.put(
        "hangs",
        request -> {
          lastThread = Thread.currentThread().getName();
          float x = request.inputs().get(0).toFloats()[0];
          if (x == HANGS || x == HANGS_LONGER) {
            hanging.release();
            hang(x == HANGS ? goOn : goOnAtLast);
          }
          return request;
        });
    harness.addScripted("m", 10, "hangs", Stage.STAGE_PRODUCTION);
    harness.addScripted("other", 20, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    harness.awaitProduction("other", 1);
    first = connect();
    second = connect();
  }

  /** Waits like native code: without heed of interrupts. */
  private static void hang(CountDownLatch latch) {
    while (latch.getCount() > 0) {
      try {
        boolean unused = latch.await(1, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        // Goes on.
      }
    }
  }

  private ManagedChannel connect() {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", harness.port())
            .eventLoopGroup(clients)
            .channelType(NioSocketChannel.class)
            .usePlaintext()
            .build();
    // Connects now: connections take turns with the server's threads.
    assertThat(get(infer(channel, PATIENCE, "other", 1))).isEqualTo(21f);
    return channel;
  }

  @AfterEach
  void stop() {
    goOn.countDown();
    goOnAtLast.countDown();
    ScriptedEngine.HOOKS.clear();
    first.shutdownNow();
    second.shutdownNow();
    harness.close();
    Future<?> unused = clients.shutdownGracefully();
  }

  private static ListenableFuture<ModelInferResponse> infer(
      ManagedChannel channel, int seconds, String model, float x) {
    GRPCInferenceServiceFutureStub stub =
        GRPCInferenceServiceGrpc.newFutureStub(channel)
            .withDeadlineAfter(seconds, TimeUnit.SECONDS);
    return stub.modelInfer(ask(model, "", x));
  }

  private static float get(ListenableFuture<ModelInferResponse> answer) {
    try {
      return y(answer.get());
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertFails(ListenableFuture<?> answer, Status.Code code) {
    assertThatThrownBy(answer::get)
        .isInstanceOf(ExecutionException.class)
        .satisfies(failure -> assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(code));
  }

  private void awaitHanging() throws InterruptedException {
    assertThat(hanging.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
  }

  /** Short calls run there; a busy machine, or one that hung before, may make some look long. */
  private ListenableFuture<ModelInferResponse> hangOnItsConnectionsThread()
      throws InterruptedException {
    for (int i = 0; i < 100; i++) {
      ServingHarness.await(
          () -> {
            assertThat(get(infer(first, PATIENCE, "m", 1))).isEqualTo(11f);
            return !lastThread.startsWith("prediction-");
          });
      ListenableFuture<ModelInferResponse> call = infer(first, PATIENCE, "m", HANGS);
      awaitHanging();
      if (!lastThread.startsWith("prediction-")) {
        return call;
      }
      goOn.countDown();
      assertThat(get(call)).isEqualTo(10 + HANGS);
      goOn = new CountDownLatch(1);
    }
    throw new AssertionError("no call was short");
  }

  @Test
  void predictionThatHangs_costsItsModelsCallersAndNobodyElse() throws Exception {
    ListenableFuture<ModelInferResponse> holdsItsConnection = hangOnItsConnectionsThread();

    assertThat(get(infer(second, PATIENCE, "other", 1))).isEqualTo(21f);
    ServingHarness.await(
        () -> {
          assertThat(get(infer(second, PATIENCE, "m", 1))).isEqualTo(11f);
          return lastThread.startsWith("prediction-");
        });
    // From now on it hangs on threads of its own: the same connection goes on.
    ListenableFuture<?> holdsASlot = infer(second, PATIENCE, "m", HANGS_LONGER);
    awaitHanging();
    assertThat(get(infer(second, PATIENCE, "other", 2))).isEqualTo(22f);

    assertFails(infer(second, 1, "m", 1), Status.Code.DEADLINE_EXCEEDED);
    List<ListenableFuture<?>> waiting = new ArrayList<>();
    for (int i = 0; i < MAX_QUEUED; i++) {
      waiting.add(infer(second, PATIENCE, "m", 1));
    }
    assertFails(infer(second, PATIENCE, "m", 1), Status.Code.RESOURCE_EXHAUSTED);
    assertThat(get(infer(second, PATIENCE, "other", 3))).isEqualTo(23f);

    goOn.countDown();
    assertThat(get(holdsItsConnection)).isEqualTo(10 + HANGS);
    assertThat(get(infer(first, PATIENCE, "other", 4))).isEqualTo(24f);
    // The last one was refused if the one that gave up waited still.
    waiting.forEach(answer -> answer.cancel(true));
    holdsASlot.cancel(true);
    // Closes while an engine hangs.
    CompletableFuture.runAsync(harness::stopServing).get(PATIENCE, TimeUnit.SECONDS);
  }
}

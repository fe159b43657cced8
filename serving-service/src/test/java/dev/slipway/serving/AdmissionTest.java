package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.rpc.RetryInfo;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.InferParameter;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.inference.ModelStatistics;
import dev.slipway.inference.ModelStatisticsRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.execution.QueueLimits;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.UnloadRequest;
import dev.slipway.serving.v1.VersionSelector;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens to requests that find the model busy. */
class AdmissionTest {
  private static final int MAX_QUEUED = 4;

  /** What a server has whose versions run one call at a time. */
  private static final int ENGINE_THREADS = 8;

  @TempDir Path folder;

  private ServingHarness harness;
  private final Semaphore gate = new Semaphore(0);
  private final AtomicInteger begun = new AtomicInteger();

  @BeforeEach
  void start() {
    harness =
        new ServingHarness(
            folder,
            config ->
                new ServingConfig(
                    config.cacheFolder(),
                    config.followed(),
                    new QueueLimits(MAX_QUEUED, 1, 64),
                    config.keep(),
                    config.loads(),
                    config.idleBufferBytes(),
                    config.cacheBytes(),
                    config.python()));
    harness.addScripted("m", 10, "gated", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    hold();
  }

  /** From here on calls wait at the gate. */
  private void hold() {
    ScriptedEngine.HOOKS.put(
        "gated",
        request -> {
          begun.incrementAndGet();
          gate.acquireUninterruptibly();
          return request;
        });
  }

  @AfterEach
  void stop() {
    gate.release(1000);
    harness.close();
    ScriptedEngine.HOOKS.clear();
    ScriptedEngine.LOAD_HOOKS.clear();
  }

  private Future<ModelInferResponse> ask(float x) {
    return GRPCInferenceServiceGrpc.newFutureStub(harness.channel())
        .withDeadlineAfter(20, TimeUnit.SECONDS)
        .modelInfer(ServingHarness.ask("m", "", x));
  }

  private int queued() {
    return harness
        .serving()
        .describeModel(DescribeModelRequest.newBuilder().setModel("m").build())
        .getVersion()
        .getQueuedRequests();
  }

  private ModelStatistics statistics() {
    return harness
        .inference()
        .modelStatistics(ModelStatisticsRequest.newBuilder().setName("m").build())
        .getModelStats(0);
  }

  private List<Future<ModelInferResponse>> fill() {
    List<Future<ModelInferResponse>> answers = new ArrayList<>();
    answers.add(ask(0));
    ServingHarness.await(() -> begun.get() == 1);
    for (int i = 1; i <= MAX_QUEUED; i++) {
      int waiting = i;
      answers.add(ask(i));
      ServingHarness.await(() -> queued() == waiting);
    }
    return answers;
  }

  @Test
  void fullQueue_refusesWithRetryInfoAndAnswersTheOthers() throws Exception {
    List<Future<ModelInferResponse>> answers = fill();

    assertThatThrownBy(() -> harness.inference().modelInfer(ServingHarness.ask("m", "", 1f)))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
              assertThat(StatusProto.fromThrowable(e).getDetailsList())
                  .extracting(Any::getTypeUrl)
                  .anyMatch(url -> url.endsWith(RetryInfo.getDescriptor().getFullName()));
            });
    gate.release(1000);

    for (int i = 0; i < answers.size(); i++) {
      assertThat(ServingHarness.y(answers.get(i).get(20, TimeUnit.SECONDS))).isEqualTo(i + 10f);
    }
  }

  @Test
  void settingsOfTheModel_takeEffectWhileItIsServed() throws Exception {
    harness.registry.setTags("m", Map.of("slipway.serving.admission.max_queued", "1"));
    ServingHarness.await(
        () ->
            harness
                    .serving()
                    .describeModel(DescribeModelRequest.newBuilder().setModel("m").build())
                    .getSettings()
                    .getAdmission()
                    .getMaxQueued()
                == 1);
    Future<ModelInferResponse> running = ask(0);
    ServingHarness.await(() -> begun.get() == 1);
    Future<ModelInferResponse> waiting = ask(1);
    ServingHarness.await(() -> queued() == 1);

    assertThatThrownBy(() -> harness.inference().modelInfer(ServingHarness.ask("m", "", 1f)))
        .hasMessageContaining("RESOURCE_EXHAUSTED");
    harness.registry.setTags("m", Map.of("slipway.serving.admission.max_queued", "many"));
    ServingHarness.await(
        () ->
            harness
                    .serving()
                    .describeModel(DescribeModelRequest.newBuilder().setModel("m").build())
                    .getSettings()
                    .getAdmission()
                    .getMaxQueued()
                == MAX_QUEUED);
    gate.release(1000);

    assertThat(ServingHarness.y(running.get(20, TimeUnit.SECONDS))).isEqualTo(10f);
    assertThat(ServingHarness.y(waiting.get(20, TimeUnit.SECONDS))).isEqualTo(11f);
  }

  @Test
  void busyEngines_doNotHoldUpWhatNeedsNoEngine() throws Exception {
    // Calls known to take this long do not run on the caller's thread.
    ScriptedEngine.HOOKS.put(
        "gated",
        request -> {
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
          return request;
        });
    List<String> busy = IntStream.range(0, ENGINE_THREADS).mapToObj(i -> "busy-" + i).toList();
    busy.forEach(model -> harness.addScripted(model, 10, "gated", Stage.STAGE_PRODUCTION));
    busy.forEach(model -> harness.awaitProduction(model, 1));
    hold();
    for (String model : busy) {
      Future<ModelInferResponse> unused =
          GRPCInferenceServiceGrpc.newFutureStub(harness.channel())
              .modelInfer(ServingHarness.ask(model, "", 1f));
    }
    ServingHarness.await(() -> begun.get() == ENGINE_THREADS);
    harness.addScripted("late", 10, "none", Stage.STAGE_NONE);
    ServingHarness.await(() -> isKnown("late"));

    // It waits for the load, and then goes on to be checked.
    assertThatThrownBy(
            () ->
                harness
                    .inference()
                    .modelInfer(
                        ServingHarness.ask("late", "1", 1f).toBuilder()
                            .addOutputs(
                                ModelInferRequest.InferRequestedOutputTensor.newBuilder()
                                    .setName("z"))
                            .build()))
        .hasMessageContaining("unknown output");
  }

  private boolean isKnown(String model) {
    try {
      return harness
          .serving()
          .describeModel(
              DescribeModelRequest.newBuilder()
                  .setModel(model)
                  .setSelector(VersionSelector.newBuilder().setVersion(1))
                  .build())
          .hasVersion();
    } catch (StatusRuntimeException e) {
      return false;
    }
  }

  @Test
  void waitingRequests_areJoinedIntoOneEngineCallAndSplitExactly() throws Exception {
    ModelStatistics before = statistics();
    List<Future<ModelInferResponse>> answers = fill();

    gate.release(1000);
    for (int i = 0; i < answers.size(); i++) {
      assertThat(ServingHarness.y(answers.get(i).get(20, TimeUnit.SECONDS))).isEqualTo(i + 10f);
    }

    ModelStatistics after = statistics();
    assertThat(after.getInferenceCount() - before.getInferenceCount()).isEqualTo(1 + MAX_QUEUED);
    assertThat(after.getExecutionCount() - before.getExecutionCount()).isEqualTo(2);
  }

  @Test
  void expiredOrCancelledWhileWaiting_neverRuns() throws Exception {
    Future<ModelInferResponse> running = ask(0);
    ServingHarness.await(() -> begun.get() == 1);
    Future<ModelInferResponse> cancelled = ask(1);
    ServingHarness.await(() -> queued() == 1);
    Future<ModelInferResponse> impatient =
        GRPCInferenceServiceGrpc.newFutureStub(harness.channel())
            .modelInfer(
                ServingHarness.ask("m", "", 3f).toBuilder()
                    .putParameters(
                        "timeout", InferParameter.newBuilder().setInt64Param(150_000).build())
                    .build());
    ServingHarness.await(() -> queued() == 2);
    cancelled.cancel(true);
    Future<ModelInferResponse> late =
        GRPCInferenceServiceGrpc.newFutureStub(harness.channel())
            .withDeadlineAfter(1, TimeUnit.SECONDS)
            .modelInfer(ServingHarness.ask("m", "", 2f));
    ServingHarness.await(() -> queued() == 3 || late.isDone());
    long queuedNanos = System.nanoTime();
    assertThatThrownBy(() -> late.get(20, TimeUnit.SECONDS))
        .hasMessageContaining("DEADLINE_EXCEEDED");
    // The server counts from when it has the request, a little later than the client.
    ServingHarness.await(() -> System.nanoTime() - queuedNanos > TimeUnit.SECONDS.toNanos(1));

    gate.release(1000);

    assertThatThrownBy(() -> impatient.get(20, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("DEADLINE_EXCEEDED")
        .hasMessageContaining("before m/1 ran");
    ServingHarness.await(() -> queued() == 0);
    assertThat(running.get(20, TimeUnit.SECONDS).getModelVersion()).isEqualTo("1");
    assertThat(begun).hasValue(1);
  }

  @Test
  void requestThatMakesTheEngineFail_takesNobodyOfItsBatchWithIt() throws Exception {
    List<Future<ModelInferResponse>> answers = fill();
    ScriptedEngine.HOOKS.put(
        "gated",
        request -> {
          for (float value : request.inputs().get(0).toFloats()) {
            if (value == 2f) {
              throw new IllegalStateException("two is too much");
            }
          }
          return request;
        });
    gate.release(1000);

    for (int i = 0; i < answers.size(); i++) {
      Future<ModelInferResponse> answer = answers.get(i);
      if (i == 2) {
        assertThatThrownBy(() -> answer.get(20, TimeUnit.SECONDS)).hasMessageContaining("INTERNAL");
      } else {
        assertThat(ServingHarness.y(answer.get(20, TimeUnit.SECONDS))).isEqualTo(i + 10f);
      }
    }
  }

  @Test
  void errorInTheJoinedCallOnly_everyCallerIsAnsweredAndTheVersionCanBeClosed() throws Exception {
    int openBefore = ScriptedEngine.OPEN.get();
    List<Future<ModelInferResponse>> answers = fill();
    ScriptedEngine.HOOKS.put(
        "gated",
        request -> {
          if (request.inputs().get(0).shape().dimension(0) > 1) {
            throw new OutOfMemoryError("Cannot reserve direct buffer memory");
          }
          return request;
        });

    gate.release(1000);

    for (int i = 0; i < answers.size(); i++) {
      assertThat(ServingHarness.y(answers.get(i).get(20, TimeUnit.SECONDS))).isEqualTo(i + 10f);
    }
    unload();
    ServingHarness.await(() -> ScriptedEngine.OPEN.get() == openBefore - 1);
  }

  @Test
  void errorOfTheEngine_isInternalAndTheVersionCanBeClosed() {
    int openBefore = ScriptedEngine.OPEN.get();
    ScriptedEngine.HOOKS.put(
        "gated",
        request -> {
          throw new StackOverflowError();
        });

    assertThatThrownBy(() -> harness.inference().modelInfer(ServingHarness.ask("m", "", 1f)))
        .hasMessageContaining("INTERNAL");
    unload();

    ServingHarness.await(() -> ScriptedEngine.OPEN.get() == openBefore - 1);
  }

  private void unload() {
    harness.serving().unload(UnloadRequest.newBuilder().setModel("m").setForce(true).build());
  }

  @Test
  void requestsThatWaitForALoad_areBoundedAndDroppedWhenNobodyWaits() throws Exception {
    Semaphore loading = new Semaphore(0);
    ScriptedEngine.LOAD_HOOKS.put("slow", loading::acquireUninterruptibly);
    harness.addScripted("lazy", 20, "slow", Stage.STAGE_NONE);
    harness.awaitRevision();
    List<Future<ModelInferResponse>> waiting = new ArrayList<>();
    // As many as the version's queue takes: the waiting and the running one.
    for (int i = 0; i <= MAX_QUEUED; i++) {
      waiting.add(askLazy(ServingHarness.ask("lazy", "1", i)));
      int expected = i + 1;
      ServingHarness.await(() -> harness.awaitingLoad() == expected);
    }

    assertThatThrownBy(() -> harness.inference().modelInfer(ServingHarness.ask("lazy", "1", 9f)))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
    waiting.remove(0).cancel(true);
    ServingHarness.await(() -> harness.awaitingLoad() == MAX_QUEUED);
    Future<ModelInferResponse> impatient =
        askLazy(
            ServingHarness.ask("lazy", "1", 3f).toBuilder()
                .putParameters("timeout", InferParameter.newBuilder().setInt64Param(1000).build())
                .build());
    assertThatThrownBy(() -> impatient.get(20, TimeUnit.SECONDS))
        .hasMessageContaining("DEADLINE_EXCEEDED")
        .hasMessageContaining("before lazy/1 ran");

    loading.release(1000);
    for (int i = 0; i < waiting.size(); i++) {
      assertThat(ServingHarness.y(waiting.get(i).get(20, TimeUnit.SECONDS))).isEqualTo(i + 21f);
    }
  }

  private Future<ModelInferResponse> askLazy(ModelInferRequest request) {
    return GRPCInferenceServiceGrpc.newFutureStub(harness.channel())
        .withDeadlineAfter(20, TimeUnit.SECONDS)
        .modelInfer(request);
  }
}

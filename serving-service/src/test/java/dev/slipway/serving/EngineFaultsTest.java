package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.rpc.ErrorInfo;
import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.ServingConfig.LoadLimits;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.ListModelsRequest;
import dev.slipway.serving.v1.ServedVersion;
import dev.slipway.serving.v1.VersionSelector;
import dev.slipway.serving.v1.VersionState;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Engines that throw, hang or give something else than they say. */
class EngineFaultsTest {
  private static final Duration LOAD_TIMEOUT = Duration.ofSeconds(5);

  @TempDir Path folder;

  private final CountDownLatch goOn = new CountDownLatch(1);
  private ServingHarness harness;

  @BeforeEach
  void start() {
    start("default", UnaryOperator.identity());
  }

  private void start(String name, UnaryOperator<ServingConfig> settings) {
    harness = new ServingHarness(folder.resolve(name), settings);
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
  }

  @AfterEach
  void stop() {
    goOn.countDown();
    ScriptedEngine.HOOKS.clear();
    ScriptedEngine.LOAD_HOOKS.clear();
    harness.close();
  }

  private ServedVersion version(long number) {
    return harness
        .serving()
        .describeModel(
            DescribeModelRequest.newBuilder()
                .setModel("m")
                .setSelector(VersionSelector.newBuilder().setVersion(number))
                .build())
        .getVersion();
  }

  /** Waits until the load of version 2 has failed; version 1 must go on answering. */
  private String failure() {
    ServingHarness.await(() -> version(2).getState() == VersionState.VERSION_STATE_FAILED);
    assertThat(harness.inference().modelInfer(ServingHarness.ask("m", "", 1f)).getModelVersion())
        .isEqualTo("1");
    assertThat(version(1).getAnswersStage()).isTrue();
    assertThat(version(2).getMemoryBytes()).isZero();
    return version(2).getLastError().getMessage();
  }

  private String refusal(String slot) {
    try {
      harness.inference().modelInfer(ServingHarness.ask("m", slot, 1f));
      return "";
    } catch (StatusRuntimeException e) {
      return e.getMessage();
    }
  }

  @Test
  void loadThatHangs_failsInTimeHoldsUpNobodyAndIsLeftBehind() throws Exception {
    harness.close();
    start(
        "impatient",
        config ->
            new ServingConfig(
                config.cacheFolder(),
                config.followed(),
                config.limits(),
                config.keep(),
                new LoadLimits(1, LOAD_TIMEOUT, config.loads().memoryBytes()),
                config.idleBufferBytes(),
                config.cacheBytes(),
                config.python()));
    int openBefore = ScriptedEngine.OPEN.get();
    int closedBefore = ScriptedEngine.CLOSED.get();
    CountDownLatch loading = new CountDownLatch(1);
    ScriptedEngine.LOAD_HOOKS.put(
        "hangs",
        () -> {
          loading.countDown();
          hang();
        });
    harness.addScripted("m", 10, "hangs", Stage.STAGE_PRODUCTION);
    harness.addScripted("other", 20, "none", Stage.STAGE_PRODUCTION);
    assertThat(loading.await(20, TimeUnit.SECONDS)).isTrue();
    long shareOfBoth = used();

    assertThat(failure()).contains("cannot be loaded").contains("did not end within");
    harness.awaitProduction("other", 1);
    assertThat(refusal("2")).startsWith("FAILED_PRECONDITION").contains("did not end within");
    assertThat(ScriptedEngine.OPEN.get()).isEqualTo(openBefore + 1);
    // Whatever it holds, it holds on.
    assertThat(used()).isGreaterThan(shareOfBoth);

    harness.close();
    assertThat(goOn.getCount()).isEqualTo(1);
    assertThat(ScriptedEngine.OPEN.get()).isEqualTo(openBefore - 1);
    goOn.countDown();
    ServingHarness.await(() -> ScriptedEngine.CLOSED.get() == closedBefore + 3);
    assertThat(ScriptedEngine.OPEN.get()).isEqualTo(openBefore - 1);
  }

  private long used() {
    return harness
        .serving()
        .listModels(ListModelsRequest.getDefaultInstance())
        .getMemoryUsedBytes();
  }

  /** Waits like native code: without heed of interrupts. */
  private void hang() {
    boolean done = false;
    while (!done) {
      try {
        done = goOn.await(20, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        // Goes on.
      }
    }
  }

  @Test
  void loadThatThrows_isAFailureThatSaysWhat() {
    ScriptedEngine.LOAD_HOOKS.put(
        "throws",
        () -> {
          throw new IllegalStateException("the weights are odd");
        });
    harness.addScripted("m", 10, "throws", Stage.STAGE_PRODUCTION);

    assertThat(failure()).contains("the weights are odd");
    assertThat(refusal("2")).startsWith("FAILED_PRECONDITION").contains("the weights are odd");
  }

  @Test
  void loadThatThrowsAnError_isAFailureAndNothingStops() {
    ScriptedEngine.LOAD_HOOKS.put(
        "throws",
        () -> {
          throw new OutOfMemoryError("no room for weights");
        });
    harness.addScripted("m", 10, "throws", Stage.STAGE_PRODUCTION);

    assertThat(failure()).contains("no room for weights");
    harness.addScripted("m", 20, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 3);
  }

  @Test
  void warmUpThatThrows_failsTheLoadAndClosesTheModel() {
    int openBefore = ScriptedEngine.OPEN.get();
    ScriptedEngine.HOOKS.put(
        "throws",
        request -> {
          throw new IllegalStateException("cannot add");
        });
    harness.addScripted("m", 10, "throws", Stage.STAGE_PRODUCTION);

    assertThat(failure()).contains("cannot add");
    ServingHarness.await(() -> ScriptedEngine.OPEN.get() == openBefore);
  }

  @Test
  void warmUpThatGivesAnotherShape_failsTheLoadAndSaysWhich() {
    ScriptedEngine.HOOKS.put(
        "wide",
        request ->
            new PredictRequest(
                List.of(Tensor.ofFloats("x", Shape.of(2), 1f, 1f)),
                request.parameters(),
                request.outputs()));
    harness.addScripted("m", 10, "wide", Stage.STAGE_PRODUCTION);

    assertThat(failure()).contains("output y").contains("[1]").contains("[2]");
  }

  @Test
  void predictionThatThrows_isThatRequestsFailureAlone() {
    ScriptedEngine.HOOKS.put(
        "odd",
        request -> {
          if (request.inputs().get(0).toFloats()[0] == 13f) {
            throw new IllegalStateException("thirteen");
          }
          return request;
        });
    harness.addScripted("m", 10, "odd", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 2);

    try {
      harness.inference().modelInfer(ServingHarness.ask("m", "", 13f));
      throw new AssertionError("answered");
    } catch (StatusRuntimeException e) {
      assertThat(e).hasMessageStartingWith("INTERNAL").hasMessageContaining("thirteen");
    }

    assertThat(ServingHarness.y(harness.inference().modelInfer(ServingHarness.ask("m", "", 1f))))
        .isEqualTo(11f);
    assertThat(version(2).getState()).isEqualTo(VersionState.VERSION_STATE_READY);
  }

  @Test
  void answerOfAnotherShape_isNotHandedOutAndSaysWhichWasExpected() {
    ScriptedEngine.HOOKS.put(
        "deep",
        request ->
            request.inputs().get(0).toFloats()[0] == 13f
                ? PredictRequest.of(Tensor.ofFloats("x", Shape.of(1, 1), 13f))
                : request);
    harness.addScripted("m", 10, "deep", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 2);

    assertThatThrownBy(() -> harness.inference().modelInfer(ServingHarness.ask("m", "", 13f)))
        .hasMessageStartingWith("INTERNAL")
        .satisfies(
            failure -> {
              ErrorInfo info =
                  StatusProto.fromThrowable(failure).getDetails(0).unpack(ErrorInfo.class);
              assertThat(info.getReason()).isEqualTo("UNEXPECTED_OUTPUT");
              assertThat(info.getMetadataMap())
                  .containsEntry("output", "y")
                  .containsEntry("expected", "FP32 [-1]")
                  .containsEntry("found", "FP32 [1, 1]");
            });

    assertThat(ServingHarness.y(harness.inference().modelInfer(ServingHarness.ask("m", "", 1f))))
        .isEqualTo(11f);
  }

  @Test
  void engineThatIsAway_isUnavailableAndSaysWhy() {
    ScriptedEngine.HOOKS.put(
        "away",
        request -> {
          if (request.inputs().get(0).toFloats()[0] == 13f) {
            throw new EngineUnavailableException("its process is starting");
          }
          return request;
        });
    harness.addScripted("m", 10, "away", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 2);

    assertThatThrownBy(() -> harness.inference().modelInfer(ServingHarness.ask("m", "", 13f)))
        .hasMessageStartingWith("UNAVAILABLE")
        .hasMessageContaining("its process is starting")
        .satisfies(
            failure ->
                assertThat(
                        StatusProto.fromThrowable(failure)
                            .getDetails(0)
                            .unpack(ErrorInfo.class)
                            .getReason())
                    .isEqualTo("ENGINE_UNAVAILABLE"));
  }
}

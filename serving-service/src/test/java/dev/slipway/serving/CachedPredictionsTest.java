package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.InferParameter;
import dev.slipway.inference.ModelConfigRequest;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.CacheStatistics;
import dev.slipway.serving.v1.DataType;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.Phase;
import dev.slipway.serving.v1.PhaseProfile;
import dev.slipway.serving.v1.PredictOptions;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.ProfileRequest;
import dev.slipway.serving.v1.ProfileResponse;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.Tensor;
import dev.slipway.serving.v1.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The prediction cache as callers see it. */
class CachedPredictionsTest {
  @TempDir Path folder;

  private ServingHarness harness;

  /** The rows of each engine call that the test made. */
  private final List<List<Float>> computed = new ArrayList<>();

  @BeforeEach
  void start() {
    harness = new ServingHarness(folder);
    harness.addDeterministic("m", 10, "counted", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    count("counted");
  }

  private void count(String hook) {
    ScriptedEngine.HOOKS.put(
        hook,
        request -> {
          List<Float> rows = new ArrayList<>();
          for (float value : request.inputs().get(0).toFloats()) {
            rows.add(value);
          }
          synchronized (computed) {
            computed.add(rows);
          }
          return request;
        });
  }

  @AfterEach
  void stop() {
    harness.close();
    ScriptedEngine.HOOKS.clear();
  }

  private void settings(String... pathsAndValues) {
    Map<String, String> tags = new HashMap<>();
    for (int i = 0; i < pathsAndValues.length; i += 2) {
      tags.put("slipway.serving.cache." + pathsAndValues[i], pathsAndValues[i + 1]);
    }
    harness.registry.setTags("m", tags);
    harness.awaitRevision();
  }

  private static PredictRequest request(float... x) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * x.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : x) {
      bytes.putFloat(value);
    }
    return PredictRequest.newBuilder()
        .setModel("m")
        .setTensors(
            Tensors.newBuilder()
                .addTensors(
                    Tensor.newBuilder()
                        .setName("x")
                        .setDataType(DataType.DATA_TYPE_FP32)
                        .addShape(x.length)
                        .setRaw(ByteString.copyFrom(bytes.flip()))))
        .build();
  }

  private PredictResponse predict(float... x) {
    return harness.serving().predict(request(x));
  }

  private static float[] y(PredictResponse response) {
    ByteBuffer bytes =
        response
            .getTensors()
            .getTensors(0)
            .getRaw()
            .asReadOnlyByteBuffer()
            .order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[bytes.remaining() / 4];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  private CacheStatistics statistics() {
    return harness
        .serving()
        .describeModel(DescribeModelRequest.newBuilder().setModel("m").build())
        .getStatistics()
        .getCache();
  }

  @Test
  void unlessTheModelAsksForIt_nothingIsKept() {
    predict(1);
    assertThat(predict(1).getProvenance().getCacheHit()).isFalse();

    assertThat(computed).hasSize(2);
  }

  @Test
  void versionThatDoesNotDeclareItselfDeterministic_isNeverCached() {
    settings("enabled", "true");
    harness.addScripted("m", 20, "counted", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 2);
    computed.clear();

    predict(1);
    predict(1);

    assertThat(computed).hasSize(2);
  }

  @Test
  void byRow_onlyMissingRowsAreComputedAndEachOnce() {
    settings("enabled", "true");

    PredictResponse first = predict(1, 2, 2, 3);
    PredictResponse second = predict(3, 4, 1);
    PredictResponse third = predict(4, 3, 2, 1);

    assertThat(computed).containsExactly(List.of(1f, 2f, 3f), List.of(4f));
    assertThat(y(first)).containsExactly(11, 12, 12, 13);
    assertThat(y(second)).containsExactly(13, 14, 11);
    assertThat(y(third)).containsExactly(14, 13, 12, 11);
    assertThat(first.getProvenance().getBatchRows()).isEqualTo(3);
    assertThat(second.getProvenance().getCacheHit()).isFalse();
    assertThat(second.getProvenance().getBatchRows()).isEqualTo(1);
    assertThat(third.getProvenance().getCacheHit()).isTrue();
    assertThat(third.getProvenance().getBatchRows()).isZero();
    assertThat(third.getTensors().getTensors(0).getShapeList()).containsExactly(4L);
    assertThat(statistics().getMisses()).isEqualTo(4);
    assertThat(statistics().getHits()).isEqualTo(7);
    assertThat(statistics().getEntries()).isEqualTo(4);
    assertThat(statistics().getBytes()).isPositive();
  }

  @Test
  void byRequest_onlyTheWholeIsFound() {
    settings("enabled", "true", "granularity", "REQUEST");

    predict(1, 2);
    predict(1);
    PredictResponse again = predict(1, 2);

    assertThat(computed).containsExactly(List.of(1f, 2f), List.of(1f));
    assertThat(y(again)).containsExactly(11, 12);
    assertThat(again.getProvenance().getCacheHit()).isTrue();
  }

  @Test
  void openInferenceAnswers_sayWhetherTheyCameFromTheCache() {
    settings("enabled", "true");

    ModelInferResponse first = harness.inference().modelInfer(ServingHarness.ask("m", "", 5));
    ModelInferResponse second = harness.inference().modelInfer(ServingHarness.ask("m", "", 5));

    assertThat(first.getParametersOrThrow("slipway_cache_hit").getBoolParam()).isFalse();
    assertThat(first.getParametersOrThrow("slipway_batch_size").getInt64Param()).isEqualTo(1);
    assertThat(second.getParametersOrThrow("slipway_cache_hit").getBoolParam()).isTrue();
    assertThat(ServingHarness.y(second)).isEqualTo(15);
  }

  /** Makes the model answer as if it were asked for 100. */
  private static void answerAsFor100() {
    ScriptedEngine.HOOKS.put(
        "counted",
        request ->
            new dev.slipway.engine.predictor.PredictRequest(
                List.of(
                    dev.slipway.engine.tensor.Tensor.ofFloats(
                        "x", dev.slipway.engine.tensor.Shape.of(1), 100)),
                Map.of(),
                List.of()));
  }

  @Test
  void openInferenceForceCompute_computesAndReplaces() {
    assertThat(cachedByConfig()).isFalse();
    settings("enabled", "true");
    assertThat(cachedByConfig()).isTrue();
    ModelInferRequest ask = ServingHarness.ask("m", "", 1);
    assertThat(ServingHarness.y(harness.inference().modelInfer(ask))).isEqualTo(11);
    answerAsFor100();

    ModelInferResponse kept = harness.inference().modelInfer(forced(ask, bool(false)));
    ModelInferResponse forced = harness.inference().modelInfer(forced(ask, bool(true)));

    assertThat(ServingHarness.y(kept)).isEqualTo(11);
    assertThat(ServingHarness.y(forced)).isEqualTo(110);
    assertThat(forced.getParametersOrThrow("slipway_cache_hit").getBoolParam()).isFalse();
    assertThat(ServingHarness.y(harness.inference().modelInfer(ask))).isEqualTo(110);
    assertThatThrownBy(
            () ->
                harness
                    .inference()
                    .modelInfer(
                        forced(ask, InferParameter.newBuilder().setStringParam("true").build())))
        .hasMessageContaining("INVALID_ARGUMENT")
        .hasMessageContaining("parameters[slipway_force_compute]: must be a truth value");
  }

  private boolean cachedByConfig() {
    return harness
        .inference()
        .modelConfig(ModelConfigRequest.newBuilder().setName("m").build())
        .getConfig()
        .getResponseCache()
        .getEnable();
  }

  private static InferParameter bool(boolean value) {
    return InferParameter.newBuilder().setBoolParam(value).build();
  }

  private static ModelInferRequest forced(ModelInferRequest ask, InferParameter value) {
    return ask.toBuilder().putParameters("slipway_force_compute", value).build();
  }

  @Test
  void forceCompute_computesAndReplaces() {
    settings("enabled", "true");
    predict(1);
    answerAsFor100();

    assertThat(y(predict(1))).containsExactly(11);
    PredictResponse forced =
        harness
            .serving()
            .predict(
                request(1).toBuilder()
                    .setOptions(PredictOptions.newBuilder().setForceCompute(true))
                    .build());

    assertThat(y(forced)).containsExactly(110);
    assertThat(forced.getProvenance().getCacheHit()).isFalse();
    assertThat(y(predict(1))).containsExactly(110);
  }

  @Test
  void rollback_findsItsOldAnswers() {
    settings("enabled", "true");
    predict(1);
    harness.addDeterministic("m", 20, "second", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 2);
    assertThat(y(predict(1))).containsExactly(21);

    harness.registry.move("m", 1, Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);

    assertThat(y(predict(1))).containsExactly(11);
    assertThat(computed).containsExactly(List.of(1f));
  }

  @Test
  void equalRequestsAtTheSameTime_areComputedOnce() throws Exception {
    settings("enabled", "true");
    Semaphore gate = new Semaphore(0);
    AtomicInteger calls = new AtomicInteger();
    ScriptedEngine.HOOKS.put(
        "counted",
        request -> {
          calls.incrementAndGet();
          gate.acquireUninterruptibly();
          return request;
        });
    List<Future<ModelInferResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      answers.add(ask(7));
      // Each is known to have come, by what it missed or found being computed.
      int come = i + 1;
      ServingHarness.await(() -> statistics().getHits() + statistics().getMisses() == come);
    }
    gate.release(100);

    int hits = 0;
    for (Future<ModelInferResponse> answer : answers) {
      ModelInferResponse response = answer.get(20, TimeUnit.SECONDS);
      assertThat(ServingHarness.y(response)).isEqualTo(17);
      hits += response.getParametersOrThrow("slipway_cache_hit").getBoolParam() ? 1 : 0;
    }
    assertThat(calls).hasValue(1);
    assertThat(hits).isEqualTo(7);
  }

  @Test
  void profile_countsAnswersFromTheCache() throws Exception {
    settings("enabled", "true");
    predict(1);
    Future<ProfileResponse> profile =
        ServingServiceGrpc.newFutureStub(harness.channel())
            .profile(ProfileRequest.newBuilder().setModel("m").setMaxRequests(5).build());
    while (!profile.isDone()) {
      predict(1);
    }

    assertThat(profile.get().getCacheHits()).isEqualTo(5);
    assertThat(profile.get().getRequests().getCount()).isEqualTo(5);
    assertThat(profile.get().getEngineCalls()).isZero();
    assertThat(profile.get().getSteps(0).getPhasesList())
        .extracting(PhaseProfile::getPhase)
        .containsExactly(Phase.PHASE_CACHE);
  }

  private Future<ModelInferResponse> ask(float x) {
    ModelInferRequest request = ServingHarness.ask("m", "", x);
    return GRPCInferenceServiceGrpc.newFutureStub(harness.channel())
        .withDeadlineAfter(20, TimeUnit.SECONDS)
        .modelInfer(request);
  }

  @Test
  void failureOfTheOneThatComputes_isNotTheOthers() throws Exception {
    settings("enabled", "true");
    Semaphore gate = new Semaphore(0);
    AtomicInteger calls = new AtomicInteger();
    ScriptedEngine.HOOKS.put(
        "counted",
        request -> {
          gate.acquireUninterruptibly();
          if (calls.incrementAndGet() == 1) {
            throw new IllegalStateException("only the first");
          }
          return request;
        });
    List<Future<ModelInferResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      answers.add(ask(7));
      int come = i + 1;
      ServingHarness.await(() -> statistics().getHits() + statistics().getMisses() == come);
    }

    gate.release(100);

    assertThatThrownBy(() -> answers.get(0).get(20, TimeUnit.SECONDS))
        .hasMessageContaining("INTERNAL");
    assertThat(ServingHarness.y(answers.get(1).get(20, TimeUnit.SECONDS))).isEqualTo(17);
    assertThat(ServingHarness.y(answers.get(2).get(20, TimeUnit.SECONDS))).isEqualTo(17);
  }

  @Test
  void manyCallersWithRowsInCommon_areAnsweredAsWithoutTheCache() throws Exception {
    settings("enabled", "true", "max_bytes", "20000");
    ExecutorService callers = Executors.newFixedThreadPool(16);
    List<Future<Boolean>> outcomes = new ArrayList<>();
    for (int caller = 0; caller < 16; caller++) {
      Random random = new Random(caller);
      outcomes.add(
          callers.submit(
              () -> {
                for (int i = 0; i < 100; i++) {
                  float[] x = new float[1 + random.nextInt(8)];
                  for (int row = 0; row < x.length; row++) {
                    x[row] = random.nextInt(100);
                  }
                  float[] y = y(predict(x));
                  for (int row = 0; row < x.length; row++) {
                    x[row] += 10;
                  }
                  if (!Arrays.equals(x, y)) {
                    return false;
                  }
                }
                return true;
              }));
    }

    for (Future<Boolean> outcome : outcomes) {
      assertThat(outcome.get(60, TimeUnit.SECONDS)).isTrue();
    }
    callers.shutdownNow();
    assertThat(statistics().getHits()).isPositive();
    assertThat(statistics().getBytes()).isLessThanOrEqualTo(20_000);
  }
}

package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.inference.InferParameter;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelStatistics;
import dev.slipway.inference.ModelStatisticsRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.execution.QueueLimits;
import dev.slipway.serving.testing.RandomTensors;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.DescribeModelRequest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers of joined requests against answers of the same requests one by one, on a real model. */
class BatchingDifferentialTest {
  private static final int CALLERS = 64;
  private static final int REQUESTS_PER_CALLER = 40;

  @TempDir Path folder;

  private static final List<DataType> TYPES = List.of(DataType.values());

  private static String identity(DataType type) {
    return "identity_" + type.name().toLowerCase(Locale.ROOT);
  }

  private static ModelInferRequest identityOf(DataType type, Random random) {
    Tensor input = RandomTensors.next(type, "in", 2, random);
    return ModelInferRequest.newBuilder()
        .setModelName(identity(type))
        .addInputs(
            ModelInferRequest.InferInputTensor.newBuilder()
                .setName("in")
                .setDatatype(type.oipName())
                .addAllShape(input.shape().toList()))
        .addRawInputContents(ByteString.copyFrom(input.data()))
        .build();
  }

  @Test
  void everyDatatype_isAnsweredBitForBitToManyCallers() throws Exception {
    try (ServingHarness harness = harness()) {
      for (DataType type : TYPES) {
        harness.addOnnx(identity(type), identity(type), Stage.STAGE_PRODUCTION);
      }
      harness.awaitReady();
      ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
      List<Future<Boolean>> outcomes = new ArrayList<>();
      for (int caller = 0; caller < CALLERS; caller++) {
        Random random = new Random(caller);
        outcomes.add(
            callers.submit(
                () -> {
                  for (int i = 0; i < REQUESTS_PER_CALLER; i++) {
                    ModelInferRequest request =
                        identityOf(TYPES.get(random.nextInt(TYPES.size())), random);
                    if (!harness
                        .inference()
                        .modelInfer(request)
                        .getRawOutputContents(0)
                        .equals(request.getRawInputContents(0))) {
                      throw new AssertionError(request);
                    }
                  }
                  return true;
                }));
      }

      for (Future<Boolean> outcome : outcomes) {
        assertThat(outcome.get(60, TimeUnit.SECONDS)).isTrue();
      }
      callers.shutdownNow();
    }
  }

  private ServingHarness harness() {
    return new ServingHarness(
        folder,
        config ->
            new ServingConfig(
                config.cacheFolder(),
                config.followed(),
                new QueueLimits(1024, 1, 64),
                config.keep(),
                config.loads(),
                config.idleBufferBytes(),
                config.cacheBytes(),
                config.python()));
  }

  private static ModelInferRequest twoInTwoOut(Random random) {
    int rows = 1 + random.nextInt(7);
    ByteBuffer a = ByteBuffer.allocate(8 * rows).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer b = ByteBuffer.allocate(8 * rows).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < rows; row++) {
      a.putLong(random.nextInt(100));
      b.putDouble(random.nextDouble() * 100);
    }
    ModelInferRequest.Builder request =
        ModelInferRequest.newBuilder()
            .setModelName("two")
            .addInputs(
                ModelInferRequest.InferInputTensor.newBuilder()
                    .setName("a")
                    .setDatatype("INT64")
                    .addShape(rows))
            .addInputs(
                ModelInferRequest.InferInputTensor.newBuilder()
                    .setName("b")
                    .setDatatype("FP64")
                    .addShape(rows))
            .addRawInputContents(ByteString.copyFrom(a.flip()))
            .addRawInputContents(ByteString.copyFrom(b.flip()));
    if (random.nextBoolean()) {
      request.addOutputs(
          ModelInferRequest.InferRequestedOutputTensor.newBuilder().setName("greater"));
    }
    return request.build();
  }

  @Test
  void joinedRequestsOfManyCallers_areAnsweredBitForBitAsAlone() throws Exception {
    try (ServingHarness harness = harness()) {
      harness.addOnnx("two", "two_in_two_out", Stage.STAGE_PRODUCTION);
      harness.awaitReady();

      assertAnsweredAsAlone(harness, "two", BatchingDifferentialTest::twoInTwoOut);
    }
  }

  /** Of three values, so that neighbours in the queue may and may not be joined. */
  private static ModelInferRequest withParameter(Random random) {
    float[] x = new float[1 + random.nextInt(7)];
    for (int row = 0; row < x.length; row++) {
      x[row] = random.nextFloat() * 100;
    }
    ModelInferRequest.Builder request = ServingHarness.ask("adds", "", x).toBuilder();
    int value = random.nextInt(3);
    if (value > 0) {
      request.putParameters(
          "add", InferParameter.newBuilder().setDoubleParam(value / 10.0).build());
    }
    return request.build();
  }

  @Test
  void requestsWithParameters_areAnsweredBitForBitAsAlone() throws Exception {
    try (ServingHarness harness = harness()) {
      AtomicInteger calls = new AtomicInteger();
      ScriptedEngine.HOOKS.put(
          "queues",
          request -> {
            if (calls.incrementAndGet() == CALLERS * REQUESTS_PER_CALLER + 1) {
              // The first one that is not alone.
              ServingHarness.await(() -> queued(harness, "adds") >= CALLERS / 2);
            }
            return request;
          });
      harness.addWithParameter("adds", 1e6, "queues", Stage.STAGE_PRODUCTION);
      harness.awaitReady();
      assertThat(
              ServingHarness.y(
                  harness
                      .inference()
                      .modelInfer(
                          ServingHarness.ask("adds", "", 1f).toBuilder()
                              .putParameters(
                                  "add", InferParameter.newBuilder().setInt64Param(2).build())
                              .build())))
          .isEqualTo(3f);

      calls.set(0);
      assertAnsweredAsAlone(harness, "adds", BatchingDifferentialTest::withParameter);
    } finally {
      ScriptedEngine.HOOKS.clear();
    }
  }

  private static int queued(ServingHarness harness, String model) {
    return harness
        .serving()
        .describeModel(DescribeModelRequest.newBuilder().setModel(model).build())
        .getVersion()
        .getQueuedRequests();
  }

  /** Asks one by one, then again by all callers at once. */
  private static void assertAnsweredAsAlone(
      ServingHarness harness, String model, Function<Random, ModelInferRequest> next)
      throws Exception {
    Random random = new Random(7);
    List<List<ModelInferRequest>> requests = new ArrayList<>();
    List<List<List<ByteString>>> alone = new ArrayList<>();
    for (int caller = 0; caller < CALLERS; caller++) {
      List<ModelInferRequest> ofCaller = new ArrayList<>();
      List<List<ByteString>> answers = new ArrayList<>();
      for (int i = 0; i < REQUESTS_PER_CALLER; i++) {
        ModelInferRequest request = next.apply(random);
        ofCaller.add(request);
        answers.add(harness.inference().modelInfer(request).getRawOutputContentsList());
      }
      requests.add(ofCaller);
      alone.add(answers);
    }
    long callsAlone = statistics(harness, model).getExecutionCount();

    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    List<Future<List<List<ByteString>>>> together = new ArrayList<>();
    for (List<ModelInferRequest> ofCaller : requests) {
      together.add(
          callers.submit(
              () ->
                  ofCaller.stream()
                      .map(
                          request ->
                              harness.inference().modelInfer(request).getRawOutputContentsList())
                      .toList()));
    }

    for (int caller = 0; caller < CALLERS; caller++) {
      assertThat(together.get(caller).get(60, TimeUnit.SECONDS)).isEqualTo(alone.get(caller));
    }
    callers.shutdownNow();
    assertThat(statistics(harness, model).getExecutionCount() - callsAlone)
        .as("some requests were joined")
        .isLessThan((long) CALLERS * REQUESTS_PER_CALLER);
  }

  private static ModelStatistics statistics(ServingHarness harness, String model) {
    return harness
        .inference()
        .modelStatistics(ModelStatisticsRequest.newBuilder().setName(model).build())
        .getModelStats(0);
  }
}

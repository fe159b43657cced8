package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.redis.RedisSettings;
import dev.slipway.serving.testing.RedisServer;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.CacheStatistics;
import dev.slipway.serving.v1.DataType;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.PredictOptions;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.Tensor;
import dev.slipway.serving.v1.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** Two servers that share answers through a real Redis, as callers see them. */
@EnabledIf(
    value = "dev.slipway.serving.testing.RedisServer#isInstalled",
    disabledReason = RedisServer.MISSING)
class SharedCacheIT {
  @TempDir Path folder;

  private RedisServer redis;
  private ServingHarness first;
  private ServingHarness second;

  /** The first row of each engine call of either server since {@link #start}. */
  private final List<Float> computed = new CopyOnWriteArrayList<>();

  @BeforeEach
  void start() throws Exception {
    redis = RedisServer.start(folder);
    first = server("first", redis.settings());
    second = server("second", redis.settings());
    ScriptedEngine.HOOKS.put(
        "counted",
        request -> {
          computed.add(request.inputs().get(0).toFloats()[0]);
          return request;
        });
  }

  private ServingHarness server(String name, RedisSettings settings) {
    ServingHarness server =
        new ServingHarness(folder.resolve(name), config -> config.withRedis(settings));
    server.addDeterministic("m", 10, "counted", Stage.STAGE_PRODUCTION);
    server.awaitProduction("m", 1);
    server.registry.setTags("m", Map.of("slipway.serving.cache.enabled", "true"));
    ServingHarness.await(() -> server.gauge("serving.cache.shared.connected").intValue() == 1);
    ServingHarness.await(
        () -> server.gauge("serving.registry.revision").longValue() == server.registry.revision());
    return server;
  }

  @AfterEach
  void stop() {
    first.close();
    second.close();
    redis.close();
    ScriptedEngine.HOOKS.clear();
  }

  private static ModelInferResponse predict(ServingHarness server, float... x) {
    return server.inference().modelInfer(ServingHarness.ask("m", "", x));
  }

  private static boolean isHit(ModelInferResponse response) {
    return response.getParametersOrThrow("slipway_cache_hit").getBoolParam();
  }

  /**
   * Has a server ask Redis for something else, the reply to which comes after those to all that the
   * server sent before: what it shared lies there.
   */
  private void settle(ServingHarness server) {
    predict(server, -1);
    computed.clear();
  }

  private static CacheStatistics statistics(ServingHarness server) {
    return server
        .serving()
        .describeModel(DescribeModelRequest.newBuilder().setModel("m").build())
        .getStatistics()
        .getCache();
  }

  @Test
  void whatOneServerComputed_theOtherDoesNot() {
    predict(first, 1, 2);
    settle(first);

    ModelInferResponse mixed = predict(second, 3, 1, 2);
    ModelInferResponse shared = predict(second, 1);

    assertThat(computed).containsExactly(3f);
    assertThat(values(mixed)).containsExactly(13, 11, 12);
    assertThat(mixed.getOutputs(0).getShapeList()).containsExactly(3L);
    assertThat(isHit(mixed)).isFalse();
    assertThat(isHit(shared)).isTrue();
  }

  private static float[] values(ModelInferResponse response) {
    ByteBuffer bytes =
        response.getRawOutputContents(0).asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  @Test
  void figures_tellHitsByLevel() {
    predict(first, 1);
    predict(first, 1);
    settle(first);
    predict(second, 1);
    predict(second, 1);
    predict(second, 2);

    assertThat(statistics(first).getHits()).isEqualTo(1);
    assertThat(statistics(first).getSharedHits()).isZero();
    assertThat(statistics(second).getHits()).isEqualTo(2);
    assertThat(statistics(second).getSharedHits()).isEqualTo(1);
    assertThat(statistics(second).getMisses()).isEqualTo(1);
    assertThat(second.gauge("serving.cache.shared.hits").longValue()).isEqualTo(1);
    assertThat(second.gauge("serving.cache.shared.misses").longValue()).isEqualTo(1);
    assertThat(second.gauge("serving.cache.shared.failures").longValue()).isZero();
    assertThat(second.gauge("serving.cache.shared.skipped").longValue()).isZero();
  }

  @Test
  void forcedComputation_replacesWhatIsShared() {
    predict(first, 1);
    settle(first);
    // From now on the version answers something else.
    ScriptedEngine.HOOKS.put(
        "counted",
        request -> {
          computed.add(request.inputs().get(0).toFloats()[0]);
          return new dev.slipway.engine.predictor.PredictRequest(
              List.of(
                  dev.slipway.engine.tensor.Tensor.ofFloats(
                      "x", request.inputs().get(0).shape(), 5f)),
              request.parameters(),
              request.outputs(),
              request.deadlineNanos());
        });

    var unused =
        first
            .serving()
            .predict(
                PredictRequest.newBuilder()
                    .setModel("m")
                    .setOptions(PredictOptions.newBuilder().setForceCompute(true))
                    .setTensors(
                        Tensors.newBuilder()
                            .addTensors(
                                Tensor.newBuilder()
                                    .setName("x")
                                    .setDataType(DataType.DATA_TYPE_FP32)
                                    .addShape(1)
                                    .setRaw(
                                        ByteString.copyFrom(
                                            ByteBuffer.allocate(4)
                                                .order(ByteOrder.LITTLE_ENDIAN)
                                                .putFloat(1)
                                                .flip()))))
                    .build());

    assertThat(computed).containsExactly(1f);
    assertThat(ServingHarness.y(predict(first, 1))).isEqualTo(15);
    settle(first);
    ModelInferResponse shared = predict(second, 1);
    assertThat(ServingHarness.y(shared)).isEqualTo(15);
    assertThat(isHit(shared)).isTrue();
  }

  @Test
  void whileRedisHangsOrIsGone_answersAreComputed() throws Exception {
    ServingHarness impatient = server("third", redis.settings(Duration.ofMillis(5)));
    try {
      redis.pause();
      for (int i = 0; i < 30; i++) {
        assertThat(ServingHarness.y(predict(impatient, i))).isEqualTo(10 + i);
        assertThat(isHit(predict(impatient, i))).isTrue();
      }
      redis.kill();
      assertThat(ServingHarness.y(predict(impatient, 100))).isEqualTo(110);
      assertThat(ServingHarness.y(predict(first, 101))).isEqualTo(111);
      assertThat(impatient.gauge("serving.cache.shared.hits").longValue()).isZero();
    } finally {
      impatient.close();
    }
  }
}

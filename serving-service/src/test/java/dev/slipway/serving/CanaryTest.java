package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Timestamp;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.inference.InferParameter;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.Canary;
import dev.slipway.serving.v1.DataType;
import dev.slipway.serving.v1.DeleteTrafficRuleRequest;
import dev.slipway.serving.v1.GetTrafficRuleRequest;
import dev.slipway.serving.v1.Pin;
import dev.slipway.serving.v1.PredictOptions;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.Route;
import dev.slipway.serving.v1.SetTrafficRuleRequest;
import dev.slipway.serving.v1.Tensor;
import dev.slipway.serving.v1.Tensors;
import dev.slipway.serving.v1.TrafficFigures;
import dev.slipway.serving.v1.TrafficRule;
import dev.slipway.serving.v1.UnloadRequest;
import dev.slipway.serving.v1.VersionSelector;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which version answers where a traffic rule says so, and that callers lose nothing by it. */
class CanaryTest {
  private static final int KEYS = 1_000;

  @TempDir Path folder;

  private final String hook = UUID.randomUUID().toString();
  private ServingHarness harness;

  @BeforeEach
  void start() {
    harness = new ServingHarness(folder);
    harness.addScripted("m", 1, "", Stage.STAGE_PRODUCTION);
    harness.addScripted("m", 2, hook, Stage.STAGE_NONE);
    harness.awaitProduction("m", 1);
  }

  @AfterEach
  void stop() {
    ScriptedEngine.HOOKS.remove(hook);
    ScriptedEngine.LOAD_HOOKS.remove(hook);
    harness.close();
  }

  private TrafficRule set(TrafficRule.Builder rule) {
    return harness
        .serving()
        .setTrafficRule(SetTrafficRuleRequest.newBuilder().setRule(rule.setModel("m")).build());
  }

  private static VersionSelector version(long number) {
    return VersionSelector.newBuilder().setVersion(number).build();
  }

  private static TrafficRule.Builder canary(VersionSelector selector, double weight) {
    return TrafficRule.newBuilder()
        .setCanary(Canary.newBuilder().setSelector(selector).setWeight(weight));
  }

  /** Sets a rule and waits until it is followed. */
  private void follow(double weight, boolean expectCanary) {
    long revision = set(canary(version(2), weight)).getRevision();
    ServingHarness.await(() -> rule().getRevision() == revision);
    if (expectCanary) {
      ServingHarness.await(() -> ready(2));
    }
  }

  private TrafficRule rule() {
    return harness
        .serving()
        .getTrafficRule(GetTrafficRuleRequest.newBuilder().setModel("m").build())
        .getRule();
  }

  private TrafficFigures figures() {
    return harness
        .serving()
        .getTrafficRule(GetTrafficRuleRequest.newBuilder().setModel("m").build())
        .getFigures();
  }

  /** Tells whether the canary has come: a key is sent its way. */
  private boolean ready(long canary) {
    for (int i = 0; i < 50; i++) {
      if (predict("probe-" + i).getProvenance().getVersion() == canary) {
        return true;
      }
    }
    return false;
  }

  private PredictResponse predict(String key) {
    return harness.serving().predict(request(key));
  }

  private static PredictRequest request(String key) {
    return PredictRequest.newBuilder()
        .setModel("m")
        .setTensors(
            Tensors.newBuilder()
                .addTensors(
                    Tensor.newBuilder()
                        .setName("x")
                        .setDataType(DataType.DATA_TYPE_FP32)
                        .addShape(1)
                        .setRaw(ServingHarness.ask("m", "", 1f).getRawInputContents(0))))
        .setOptions(PredictOptions.newBuilder().setRouteKey(key))
        .build();
  }

  private Map<String, Long> ways(int keys) {
    Map<String, Long> ways = new HashMap<>();
    for (int i = 0; i < keys; i++) {
      String key = "account-" + i;
      ways.put(key, predict(key).getProvenance().getVersion());
    }
    return ways;
  }

  private static long toCanary(Map<String, Long> ways) {
    return ways.values().stream().filter(version -> version == 2).count();
  }

  @Test
  void share_isTakenByKeyAndOnlyThoseKeysMoveThatMust() {
    follow(0.1, true);
    Map<String, Long> tenth = ways(KEYS);
    Map<String, Long> again = ways(KEYS);
    follow(0.3, true);
    Map<String, Long> third = ways(KEYS);

    assertThat(again).as("a key stays where it is").isEqualTo(tenth);
    // Fixed keys and a fixed hash: always the same counts. Five deviations of chance either way.
    assertThat(toCanary(tenth)).isBetween(52L, 148L);
    assertThat(toCanary(third)).isBetween(227L, 373L);
    tenth.forEach(
        (key, version) -> {
          if (version == 2) {
            assertThat(third).as("one that was there stays there").containsEntry(key, 2L);
          }
        });
  }

  @Test
  void withoutKey_chanceDecides() {
    follow(0.5, true);
    long before = figures().getCanaryRequests();

    for (int i = 0; i < 200; i++) {
      assertThat(predict("").getProvenance().getVersion()).isIn(1L, 2L);
    }

    // Below one in ten million for a fair coin.
    assertThat(figures().getCanaryRequests() - before).isBetween(60L, 140L);
  }

  @Test
  void answer_saysWhichWayItTook_inBothProtocols() {
    assertThat(predict("k").getProvenance().getRoute()).isEqualTo(Route.ROUTE_UNSPECIFIED);
    follow(1, true);

    PredictResponse response = predict("k");
    assertThat(response.getProvenance().getRoute()).isEqualTo(Route.ROUTE_CANARY);
    assertThat(response.getProvenance().getVersion()).isEqualTo(2);
    assertThat(response.getProvenance().getStage()).isEqualTo(Stage.STAGE_PRODUCTION);
    ModelInferResponse infer = harness.inference().modelInfer(ServingHarness.ask("m", "", 1f));
    assertThat(infer.getModelVersion()).isEqualTo("2");
    assertThat(infer.getParametersOrThrow("slipway_route").getStringParam()).isEqualTo("canary");
    assertThat(ServingHarness.y(infer)).isEqualTo(3f);
    assertThat(harness.inference().modelInfer(ServingHarness.ask("m", "1", 1f)).getModelVersion())
        .as("who names a version gets it")
        .isEqualTo("1");
  }

  @Test
  void key_isTheSameByFieldParameterAndHeader() {
    follow(0.5, true);
    for (int i = 0; i < 20; i++) {
      String key = "user-" + i;
      String expected = Long.toString(predict(key).getProvenance().getVersion());
      ModelInferRequest plain = ServingHarness.ask("m", "", 1f);
      Metadata headers = new Metadata();
      headers.put(Metadata.Key.of("slipway-route-key", Metadata.ASCII_STRING_MARSHALLER), key);

      assertThat(
              harness
                  .inference()
                  .modelInfer(
                      plain.toBuilder()
                          .putParameters(
                              "slipway_route_key",
                              InferParameter.newBuilder().setStringParam(key).build())
                          .build())
                  .getModelVersion())
          .isEqualTo(expected);
      assertThat(
              harness
                  .inference()
                  .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                  .modelInfer(plain)
                  .getModelVersion())
          .isEqualTo(expected);
    }
    Metadata tooLong = new Metadata();
    tooLong.put(
        Metadata.Key.of("slipway-route-key", Metadata.ASCII_STRING_MARSHALLER), "x".repeat(257));
    assertThatThrownBy(
            () ->
                harness
                    .inference()
                    .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(tooLong))
                    .modelInfer(ServingHarness.ask("m", "", 1f)))
        .hasMessageContaining("slipway-route-key");
  }

  @Test
  void canaryThatCannotBeLoaded_hasNoTraffic() {
    ScriptedEngine.LOAD_HOOKS.put(
        hook,
        () -> {
          throw new IllegalStateException("broken");
        });
    set(canary(version(2), 1));
    ServingHarness.await(() -> rule().getCanary().getWeight() == 1);
    ServingHarness.await(
        () ->
            harness
                .serving()
                .describeModel(
                    dev.slipway.serving.v1.DescribeModelRequest.newBuilder()
                        .setModel("m")
                        .setSelector(version(2))
                        .build())
                .getVersion()
                .getState()
                .name()
                .endsWith("FAILED"));

    PredictResponse response = predict("k");

    assertThat(response.getProvenance().getVersion()).isEqualTo(1);
    assertThat(response.getProvenance().getRoute()).isEqualTo(Route.ROUTE_PRIMARY);
    assertThat(figures().getPrimaryRequests()).isEqualTo(1);
  }

  @Test
  void canaryIsKeptLoaded_untilTheRuleEnds() {
    follow(0.5, true);

    assertThatThrownBy(() -> unload(false)).hasMessageContaining("FAILED_PRECONDITION");
    unload(true);
    ServingHarness.await(() -> ready(2));

    harness
        .serving()
        .deleteTrafficRule(DeleteTrafficRuleRequest.newBuilder().setModel("m").build());
    ServingHarness.await(() -> predict("k").getProvenance().getRoute() == Route.ROUTE_UNSPECIFIED);
    assertThat(ways(50)).doesNotContainValue(2L);
    // Requests hear of the rule's end a moment before what keeps the version.
    ServingHarness.await(
        () -> {
          unload(false);
          return true;
        });
  }

  private void unload(boolean force) {
    boolean unused =
        harness
            .serving()
            .unload(
                UnloadRequest.newBuilder()
                    .setModel("m")
                    .setSelector(version(2))
                    .setForce(force)
                    .build())
            .getWasLoaded();
  }

  @Test
  void failingCanary_isCounted() {
    follow(1, true);
    TrafficFigures before = figures();
    ScriptedEngine.HOOKS.put(
        hook,
        request -> {
          throw new PredictionException("bad luck");
        });

    assertThatThrownBy(() -> predict("k")).isInstanceOf(StatusRuntimeException.class);

    TrafficFigures after = figures();
    assertThat(after.getCanaryRequests()).isEqualTo(before.getCanaryRequests() + 1);
    assertThat(after.getCanaryErrors()).isEqualTo(before.getCanaryErrors() + 1);
    assertThat(after.getPrimaryErrors()).isZero();
  }

  @Test
  void whatTheCanaryRefusesAsMalformed_isAnsweredByTheStagesVersion() {
    // It takes other inputs, and neither package declares its own.
    long other = harness.addOnnx("m", "mlp", Stage.STAGE_NONE);
    ServingHarness.await(() -> set(canary(version(other), 1)).getRevision() > 0);
    ServingHarness.await(() -> rule().getRevision() > 0);
    ServingHarness.await(
        () -> {
          PredictResponse response = predict("k");
          assertThat(response.getProvenance().getVersion()).isEqualTo(1);
          assertThat(response.getProvenance().getRoute()).isEqualTo(Route.ROUTE_PRIMARY);
          return figures().getCanaryErrors() > 0;
        });
    TrafficFigures before = figures();

    assertThatThrownBy(
            () ->
                harness
                    .inference()
                    .modelInfer(ServingHarness.ask("m", "", 1f).toBuilder().clearInputs().build()))
        .hasMessageContaining("INVALID_ARGUMENT");

    assertThat(figures()).as("what nobody takes is the caller's fault").isEqualTo(before);
    assertThat(before.getPrimaryErrors()).isZero();
  }

  @Test
  void requestWhoseFaultsAreToldByRow_isAnsweredByTheStagesVersion() {
    follow(1, true);
    TrafficFigures before = figures();
    ScriptedEngine.HOOKS.put(
        hook,
        request -> {
          throw new PredictionException("bad luck");
        });

    PredictResponse response =
        harness
            .serving()
            .predict(
                request("k").toBuilder()
                    .setOptions(PredictOptions.newBuilder().setRowErrors(true))
                    .build());

    assertThat(isPrimary(response, 1)).isTrue();
    assertThat(response.getRowErrorsList()).isEmpty();
    assertThat(figures().getPrimaryRequests()).isEqualTo(before.getPrimaryRequests() + 1);
    assertThat(figures().getCanaryRequests()).isEqualTo(before.getCanaryRequests());
  }

  private static boolean isPrimary(PredictResponse response, long version) {
    return response.getProvenance().getVersion() == version
        && response.getProvenance().getRoute() == Route.ROUTE_PRIMARY;
  }

  @Test
  void promotedCanary_answersEverythingAndIsComparedNoMore() {
    follow(0.5, true);

    harness.registry.move("m", 2, Stage.STAGE_PRODUCTION);

    // As the canary version 2 answers as well: it is the stage's own once it says so.
    ServingHarness.await(() -> isPrimary(predict("k"), 2));
    for (int i = 0; i < 50; i++) {
      PredictResponse response = predict("account-" + i);
      assertThat(response.getProvenance().getVersion()).isEqualTo(2);
      assertThat(response.getProvenance().getRoute()).isEqualTo(Route.ROUTE_PRIMARY);
    }
    // A third version takes over: the canary challenges that.
    long third = harness.addScripted("m", 3, "", Stage.STAGE_PRODUCTION);
    ServingHarness.await(() -> ways(50).containsValue(third));
    assertThat(ways(50)).containsValue(2L).doesNotContainValue(1L);
  }

  @Test
  void canaryByAlias_followsTheAlias() {
    harness.registry.update("m", 2, version -> version.addAliases("next"));
    ServingHarness.await(
        () ->
            set(canary(VersionSelector.newBuilder().setAlias("next").build(), 1)).getRevision()
                > 0);
    ServingHarness.await(() -> predict("k").getProvenance().getVersion() == 2);
    long third = harness.addScripted("m", 3, "", Stage.STAGE_NONE);

    harness.registry.update("m", 2, version -> version.clearAliases());
    harness.registry.update("m", third, version -> version.addAliases("next"));

    ServingHarness.await(() -> predict("k").getProvenance().getVersion() == third);
  }

  @Test
  void pin_answersInThePlaceOfTheStage_untilItExpires() {
    Instant end = Instant.now().plusSeconds(3_600);
    TrafficRule.Builder pin =
        TrafficRule.newBuilder()
            .setPin(Pin.newBuilder().setVersion(2).setReason("incident"))
            .setExpireTime(Timestamp.newBuilder().setSeconds(end.getEpochSecond()));
    set(pin);
    ServingHarness.await(() -> predict("k").getProvenance().getVersion() == 2);
    assertThat(predict("k").getProvenance().getRoute()).isEqualTo(Route.ROUTE_PINNED);

    harness.registry.move("m", 2, Stage.STAGE_ARCHIVED);
    harness.addScripted("m", 3, "", Stage.STAGE_PRODUCTION);
    harness.addScripted("n", 3, "", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("n", 1);
    assertThat(predict("k").getProvenance().getVersion()).isEqualTo(2);

    // Refused when it takes so long to arrive that it has passed.
    ServingHarness.await(() -> set(pin.setExpireTime(inASecond())).getRevision() > 0);
    ServingHarness.await(() -> predict("k").getProvenance().getVersion() == 3);
    assertThat(rule().getState().name()).endsWith("EXPIRED");
  }

  private static Timestamp inASecond() {
    Instant time = Instant.now().plusSeconds(1);
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }
}

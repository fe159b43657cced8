package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import com.google.rpc.BadRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.AbortPolicy;
import dev.slipway.serving.v1.Canary;
import dev.slipway.serving.v1.DeleteTrafficRuleRequest;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.GetTrafficRuleRequest;
import dev.slipway.serving.v1.ListTrafficRulesRequest;
import dev.slipway.serving.v1.ListTrafficRulesResponse;
import dev.slipway.serving.v1.Pin;
import dev.slipway.serving.v1.SetTrafficRuleRequest;
import dev.slipway.serving.v1.Shadow;
import dev.slipway.serving.v1.TrafficRule;
import dev.slipway.serving.v1.TrafficRuleState;
import dev.slipway.serving.v1.VersionSelector;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The RPCs about traffic rules: what is kept, what is refused, who wins. */
class TrafficRulesTest {
  /** Beyond what a timestamp, and Java's instant, can be. */
  private static final Timestamp NO_TIME =
      Timestamp.newBuilder().setSeconds(Long.MAX_VALUE).build();

  private static final Timestamp FAR = Timestamp.newBuilder().setSeconds(32_503_680_000L).build();

  @TempDir Path folder;

  private ServingHarness harness;

  @BeforeEach
  void start() {
    harness = new ServingHarness(folder);
    harness.addScripted("m", 1, "", Stage.STAGE_PRODUCTION);
    harness.addScripted("m", 2, "", Stage.STAGE_NONE);
    harness.awaitProduction("m", 1);
  }

  @AfterEach
  void stop() {
    harness.close();
  }

  private static TrafficRule.Builder canary(double weight) {
    return TrafficRule.newBuilder()
        .setModel("m")
        .setCanary(Canary.newBuilder().setSelector(version(2)).setWeight(weight));
  }

  private static VersionSelector version(long number) {
    return VersionSelector.newBuilder().setVersion(number).build();
  }

  private TrafficRule set(TrafficRule.Builder rule) {
    return harness
        .serving()
        .setTrafficRule(SetTrafficRuleRequest.newBuilder().setRule(rule).build());
  }

  private TrafficRule get(Stage stage) {
    return harness
        .serving()
        .getTrafficRule(GetTrafficRuleRequest.newBuilder().setModel("m").setStage(stage).build())
        .getRule();
  }

  private boolean delete(long revision) {
    return harness
        .serving()
        .deleteTrafficRule(
            DeleteTrafficRuleRequest.newBuilder().setModel("m").setRevision(revision).build())
        .getDeleted();
  }

  private static void assertFails(ThrowingCallable call, String... parts) {
    assertThatThrownBy(call)
        .isInstanceOf(StatusRuntimeException.class)
        .satisfies(
            failure -> assertThat(StatusProto.fromThrowable(failure).toString()).contains(parts));
  }

  @Test
  void rule_isKeptWithTheModelAndTold() {
    TrafficRule kept =
        set(
            canary(0.25)
                .setShadow(Shadow.newBuilder().setSelector(version(2)).setSampleRate(0.5))
                .setExpireTime(FAR)
                // Set by the server: what a caller says of it is passed over.
                .setState(TrafficRuleState.TRAFFIC_RULE_STATE_ABORTED)
                .setStateReason("x")
                .setUpdateTime(FAR));

    assertThat(kept.getRevision()).isPositive();
    assertThat(kept.getStage()).isEqualTo(Stage.STAGE_PRODUCTION);
    assertThat(kept.getState()).isEqualTo(TrafficRuleState.TRAFFIC_RULE_STATE_ACTIVE);
    assertThat(kept.getStateReason()).isEmpty();
    assertThat(kept.getUpdateTime()).isNotEqualTo(FAR);
    ServingHarness.await(() -> get(Stage.STAGE_UNSPECIFIED).equals(kept));
    assertThat(
            harness
                .serving()
                .describeModel(DescribeModelRequest.newBuilder().setModel("m").build())
                .getTrafficRule())
        .isEqualTo(kept);
    assertThat(harness.registry.tags("m").get("slipway.serving.traffic.production"))
        .contains("\"weight\":0.25");
    assertThat(set(kept.toBuilder()).getRevision())
        .as("the same again changes nothing")
        .isEqualTo(kept.getRevision());
  }

  @Test
  void list_isOrderedAndPaged() {
    harness.addScripted("a", 1, "", Stage.STAGE_PRODUCTION);
    harness.addScripted("a", 1, "", Stage.STAGE_NONE);
    ServingHarness.await(() -> set(canary(0.1).setModel("a")).getRevision() > 0);
    set(canary(0.1));
    set(canary(0.2).setStage(Stage.STAGE_STAGING));
    ServingHarness.await(() -> list("", 10, "").getRulesCount() == 3);

    ListTrafficRulesResponse first = list("", 2, "");
    ListTrafficRulesResponse second = list("", 2, first.getNextPageToken());

    assertThat(first.getRulesList()).extracting(TrafficRule::getModel).containsExactly("a", "m");
    assertThat(first.getRules(1).getStage()).isEqualTo(Stage.STAGE_PRODUCTION);
    assertThat(second.getRulesList()).extracting(TrafficRule::getModel).containsExactly("m");
    assertThat(second.getNextPageToken()).isEmpty();
    assertThat(list("m", 0, "").getRulesCount()).isEqualTo(2);
    assertFails(() -> list("a", 2, first.getNextPageToken()), "page_token");
  }

  private ListTrafficRulesResponse list(String model, int size, String token) {
    return harness
        .serving()
        .listTrafficRules(
            ListTrafficRulesRequest.newBuilder()
                .setModel(model)
                .setPageSize(size)
                .setPageToken(token)
                .build());
  }

  @Test
  void everythingThatIsWrong_isReportedAtOnceAndNothingIsKept() {
    assertThat(
            violations(
                canary(1.5)
                    .setStage(Stage.STAGE_ARCHIVED)
                    .setShadow(
                        Shadow.newBuilder()
                            .setSampleRate(-0.1)
                            .setAbsoluteTolerance(-1)
                            .setRelativeTolerance(Double.NaN))
                    .setPin(Pin.newBuilder().setReason("x".repeat(501)))
                    .setAbort(
                        AbortPolicy.newBuilder()
                            .setMinRequests(-1)
                            .setWindow(Duration.newBuilder().setSeconds(9))
                            .setMaxErrorRate(2)
                            .setMaxLatencyRatio(0.5))
                    .setMetricsRunId("no run")
                    .setRevision(-1)))
        .containsExactlyInAnyOrder(
            "rule.stage",
            "rule.canary.weight",
            "rule.shadow.selector",
            "rule.shadow.sample_rate",
            "rule.shadow.absolute_tolerance",
            "rule.shadow.relative_tolerance",
            "rule.pin",
            "rule.expire_time",
            "rule.pin.version",
            "rule.pin.reason",
            "rule.abort.min_requests",
            "rule.abort.window",
            "rule.abort.max_error_rate",
            "rule.abort.max_latency_ratio",
            "rule.metrics_run_id",
            "rule.revision");
    assertThat(violations(TrafficRule.newBuilder()))
        .containsExactlyInAnyOrder("rule.model", "rule");
    assertThat(
            violations(
                canary(0.1)
                    .setCanary(
                        Canary.newBuilder()
                            .setSelector(
                                VersionSelector.newBuilder().setStage(Stage.STAGE_PRODUCTION)))
                    .setAbort(AbortPolicy.getDefaultInstance())
                    .setExpireTime(Timestamp.newBuilder().setSeconds(1))))
        .containsExactlyInAnyOrder("rule.canary.selector", "rule.abort", "rule.expire_time");
    assertThat(violations(canary(0.1).setAbort(AbortPolicy.newBuilder().setMaxMismatchRate(0.5))))
        .containsExactly("rule.abort.max_mismatch_rate");
    assertThat(violations(canary(0.1).setExpireTime(NO_TIME).setUpdateTime(NO_TIME)))
        .containsExactly("rule.expire_time");
    assertThat(harness.registry.tags("m")).isEmpty();
  }

  private List<String> violations(TrafficRule.Builder rule) {
    try {
      set(rule);
      throw new AssertionError("not refused");
    } catch (StatusRuntimeException e) {
      return StatusProto.fromThrowable(e).getDetailsList().stream()
          .filter(detail -> detail.is(BadRequest.class))
          .flatMap(
              detail -> {
                try {
                  return detail.unpack(BadRequest.class).getFieldViolationsList().stream();
                } catch (com.google.protobuf.InvalidProtocolBufferException broken) {
                  throw new AssertionError(broken);
                }
              })
          .map(BadRequest.FieldViolation::getField)
          .toList();
    }
  }

  @Test
  void whatTheRuleNames_mustBeThere() {
    assertFails(() -> set(canary(1).setModel("n")), "MODEL_NOT_FOUND");
    assertFails(
        () -> set(canary(1).setCanary(Canary.newBuilder().setSelector(version(9)))),
        "VERSION_NOT_FOUND");
    assertFails(
        () ->
            set(
                canary(1)
                    .setShadow(
                        Shadow.newBuilder()
                            .setSelector(VersionSelector.newBuilder().setAlias("next")))),
        "ALIAS_NOT_FOUND");
    assertFails(
        () ->
            set(
                TrafficRule.newBuilder()
                    .setModel("m")
                    .setPin(Pin.newBuilder().setVersion(9))
                    .setExpireTime(FAR)),
        "VERSION_NOT_FOUND");
    assertFails(() -> get(Stage.STAGE_STAGING), "TRAFFIC_RULE_NOT_FOUND");
  }

  @Test
  void revision_guardsAgainstWritingOverAnothersChange() {
    TrafficRule first = set(canary(0.1));
    TrafficRule second = set(canary(0.2).setRevision(first.getRevision()));

    assertThat(second.getRevision()).isGreaterThan(first.getRevision());
    assertFails(() -> set(canary(0.3).setRevision(first.getRevision())), "TRAFFIC_RULE_CHANGED");
    assertFails(() -> delete(first.getRevision()), "TRAFFIC_RULE_CHANGED");
    assertThat(delete(second.getRevision())).isTrue();
    assertThat(delete(0)).isFalse();
    assertFails(() -> set(canary(0.3).setRevision(second.getRevision())), "TRAFFIC_RULE_CHANGED");
    assertThat(set(canary(0.3)).getRevision())
        .as("no later rule has a revision of an earlier one")
        .isGreaterThan(second.getRevision());
  }

  @Test
  void registryAway_isUnavailable() {
    harness.registry.cut();

    assertFails(() -> set(canary(0.1)), "REGISTRY_UNAVAILABLE");
    assertFails(() -> delete(0), "REGISTRY_UNAVAILABLE");
  }

  @Test
  void tagByHandThatIsNoRule_isPassedOver() {
    harness.registry.setTags(
        "m",
        Map.of(
            "slipway.serving.traffic.production",
            "{\"canary\":{\"selector\":{\"version\":\"2\"},\"weight\":7}}",
            "slipway.serving.traffic.staging",
            "nonsense"));
    set(canary(0.5).setStage(Stage.STAGE_STAGING));

    ServingHarness.await(() -> get(Stage.STAGE_STAGING).getCanary().getWeight() == 0.5);
    assertFails(() -> get(Stage.STAGE_PRODUCTION), "TRAFFIC_RULE_NOT_FOUND");
  }
}

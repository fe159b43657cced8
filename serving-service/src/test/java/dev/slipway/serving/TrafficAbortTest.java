package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.registry.v1.Stage;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.AbortPolicy;
import dev.slipway.serving.v1.Canary;
import dev.slipway.serving.v1.DeleteTrafficRuleRequest;
import dev.slipway.serving.v1.GetTrafficRuleRequest;
import dev.slipway.serving.v1.GetTrafficRuleResponse;
import dev.slipway.serving.v1.SetTrafficRuleRequest;
import dev.slipway.serving.v1.Shadow;
import dev.slipway.serving.v1.TrafficRule;
import dev.slipway.serving.v1.TrafficRuleState;
import dev.slipway.serving.v1.VersionSelector;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunStatus;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Challengers that do badly are withdrawn, and figures go to a run of the real tracking service.
 */
class TrafficAbortTest {
  private static final String TAG = "slipway.serving.traffic.production";

  @TempDir Path folder;

  private final String hook = UUID.randomUUID().toString();
  private final String trackingName = UUID.randomUUID().toString();
  private GrpcServer trackingServer;
  private ManagedChannel tracking;
  private ServingHarness harness;

  @BeforeEach
  void start() throws InterruptedException {
    tracking = Channels.inProcess(trackingName);
    startTracking();
    harness = new ServingHarness(folder, UnaryOperator.identity(), tracking);
    harness.addScripted("m", 1, "", Stage.STAGE_PRODUCTION);
    harness.addScripted("m", 2, hook, Stage.STAGE_NONE);
    harness.awaitProduction("m", 1);
  }

  @AfterEach
  void stop() {
    ScriptedEngine.HOOKS.remove(hook);
    harness.close();
    tracking.shutdownNow();
    trackingServer.close();
  }

  private void startTracking() throws InterruptedException {
    trackingServer =
        GrpcServer.start(
            new GrpcServerConfig("127.0.0.1", 0, 0, 1 << 20, Duration.ofSeconds(5)),
            trackingName,
            List.of(
                TrackingModule.open(
                    TrackingConfig.below(folder.resolve("tracking")),
                    new MetricRegistry(),
                    Clock.systemUTC())),
            new MetricRegistry());
    assertThat(trackingServer.awaitReady(30, TimeUnit.SECONDS)).isTrue();
  }

  private TrackingServiceBlockingStub runs() {
    return TrackingServiceGrpc.newBlockingStub(tracking).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  private String newRun() {
    return runs()
        .createRun(CreateRunRequest.newBuilder().setExperimentId("0").build())
        .getInfo()
        .getRunId();
  }

  private Run run(String runId) {
    return runs().getRun(GetRunRequest.newBuilder().setRunId(runId).build());
  }

  private long sum(String runId, String key) {
    double sum =
        runs()
            .getMetricHistory(
                GetMetricHistoryRequest.newBuilder().setRunId(runId).setMetricKey(key).build())
            .getPoints()
            .getValueList()
            .stream()
            .mapToDouble(Double::doubleValue)
            .sum();
    return (long) sum;
  }

  private static TrafficRule.Builder canary(AbortPolicy.Builder abort) {
    return TrafficRule.newBuilder()
        .setModel("m")
        .setCanary(
            Canary.newBuilder()
                .setSelector(VersionSelector.newBuilder().setVersion(2))
                .setWeight(1))
        .setAbort(abort);
  }

  /** Judges from the one answer that shows the canary to be there, and five failures on. */
  private static AbortPolicy.Builder errors(double most) {
    return AbortPolicy.newBuilder().setMinRequests(6).setMaxErrorRate(most);
  }

  private void set(TrafficRule.Builder rule) {
    long revision =
        harness
            .serving()
            .setTrafficRule(SetTrafficRuleRequest.newBuilder().setRule(rule).build())
            .getRevision();
    ServingHarness.await(() -> get().getRule().getRevision() == revision);
  }

  private GetTrafficRuleResponse get() {
    return harness
        .serving()
        .getTrafficRule(GetTrafficRuleRequest.newBuilder().setModel("m").build());
  }

  private boolean isAborted() {
    return get().getRule().getState() == TrafficRuleState.TRAFFIC_RULE_STATE_ABORTED;
  }

  private ModelInferResponse ask() {
    return harness.inference().modelInfer(ServingHarness.ask("m", "", 1f));
  }

  private void awaitCanary() {
    ServingHarness.await(() -> ask().getModelVersion().equals("2"));
  }

  private void failFiveTimes() {
    ScriptedEngine.HOOKS.put(
        hook,
        request -> {
          throw new PredictionException("bad luck");
        });
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(this::ask).isInstanceOf(StatusRuntimeException.class);
    }
  }

  @Test
  void failingCanary_isWithdrawnEverywhere_andItsRunSaysWhy() {
    String run = newRun();
    set(canary(errors(0.01)).setMetricsRunId(run));
    awaitCanary();
    long answered = get().getFigures().getCanaryRequests();

    failFiveTimes();

    ServingHarness.await(this::isAborted);
    assertThat(ask().getModelVersion()).isEqualTo("1");
    ServingHarness.await(() -> harness.registry.tags("m").get(TAG).contains("ABORTED"));
    TrafficRule rule = get().getRule();
    assertThat(rule.getStateReason()).contains("5 of").contains("failed");
    assertThat(get().getFigures().getCanaryErrors()).isEqualTo(5);
    ServingHarness.await(() -> run(run).getInfo().getStatus() == RunStatus.RUN_STATUS_FAILED);
    assertThat(run(run).getData().getTagsList())
        .contains(
            Tag.newBuilder()
                .setKey("slipway.traffic.aborted")
                .setValue(rule.getStateReason())
                .build());
    assertThat(sum(run, "challenger.requests")).isEqualTo(answered + 5);
    assertThat(sum(run, "challenger.errors")).isEqualTo(5);

    // Setting it again gives the challenger another try.
    ScriptedEngine.HOOKS.remove(hook);
    set(canary(errors(0.01)));
    awaitCanary();
  }

  @Test
  void registryAway_isWithdrawnHereAtOnce_andThereWhenItIsBack() {
    set(canary(errors(0.01)));
    awaitCanary();
    harness.registry.cut();

    failFiveTimes();

    ServingHarness.await(() -> ask().getModelVersion().equals("1"));
    assertThat(isAborted()).isTrue();
    assertThat(harness.registry.tags("m").get(TAG)).doesNotContain("ABORTED");
    harness.registry.restore();
    ServingHarness.await(() -> harness.registry.tags("m").get(TAG).contains("ABORTED"));
    ServingHarness.await(this::isAborted);
  }

  @Test
  void registryAwayThroughARestart_staysWithdrawn_andTheRegistryHearsOfIt() {
    set(canary(errors(0.01)));
    awaitCanary();
    harness.registry.cut();
    failFiveTimes();
    ServingHarness.await(this::isAborted);
    ScriptedEngine.HOOKS.remove(hook);

    harness.restart();

    ServingHarness.await(() -> ask().getModelVersion().equals("1"));
    assertThat(isAborted()).isTrue();
    assertThat(get().getRule().getStateReason()).contains("5 of");
    harness.registry.restore();
    ServingHarness.await(() -> harness.registry.tags("m").get(TAG).contains("ABORTED"));
    ServingHarness.await(this::isAborted);
  }

  @Test
  void abortDecidedForAnOlderRule_leavesTheNewOneAlone() {
    set(canary(errors(0.01)));
    awaitCanary();
    harness.registry.cut();
    failFiveTimes();
    ServingHarness.await(this::isAborted);
    // Somebody else's change, which this server has not heard of when it tells of the abort.
    String changed =
        harness
            .registry
            .tags("m")
            .get(TAG)
            .replaceAll("\"revision\":\"\\d+\"", "\"revision\":\"999\"");
    harness.registry.setTags("m", Map.of(TAG, changed));
    harness.registry.restore();

    ServingHarness.await(() -> get().getRule().getRevision() == 999);
    // The canary answers again, which it would not if the new rule were withdrawn as well.
    ScriptedEngine.HOOKS.remove(hook);
    awaitCanary();
    assertThat(isAborted()).isFalse();
    assertThat(harness.registry.tags("m")).containsEntry(TAG, changed);
  }

  @Test
  void shadowThatDiffers_isWithdrawn() {
    set(
        TrafficRule.newBuilder()
            .setModel("m")
            .setShadow(
                Shadow.newBuilder()
                    .setSelector(VersionSelector.newBuilder().setVersion(2))
                    .setSampleRate(1))
            .setAbort(AbortPolicy.newBuilder().setMinRequests(5).setMaxMismatchRate(0.5)));

    ServingHarness.await(
        () -> {
          assertThat(ServingHarness.y(ask())).isEqualTo(2f);
          return isAborted();
        });

    assertThat(get().getRule().getStateReason()).contains("differed");
  }

  @Test
  void figures_reachTheRun_alsoWhenTrackingWasAway() throws InterruptedException {
    String run = newRun();
    trackingServer.close();
    set(canary(errors(0.5)).setMetricsRunId(run));
    awaitCanary();
    for (int i = 0; i < 10; i++) {
      ask();
    }
    long answered = get().getFigures().getCanaryRequests();
    harness
        .serving()
        .deleteTrafficRule(DeleteTrafficRuleRequest.newBuilder().setModel("m").build());

    startTracking();

    ServingHarness.await(() -> run(run).getInfo().getStatus() == RunStatus.RUN_STATUS_FINISHED);
    assertThat(answered).isEqualTo(11);
    assertThat(sum(run, "challenger.requests")).isEqualTo(answered);
    assertThat(sum(run, "challenger.rows")).isEqualTo(answered);
    assertThat(run(run).getData().getMetricsList())
        .extracting(Metric::getKey)
        .contains("challenger.p50_ms", "challenger.p99_ms");
  }
}

package dev.slipway.tracking.rpc;

import static dev.slipway.tracking.rpc.Errors.assertInvalid;
import static dev.slipway.tracking.rpc.Errors.assertIs;
import static dev.slipway.tracking.rpc.TrackingReplica.metric;
import static dev.slipway.tracking.rpc.TrackingReplica.param;
import static dev.slipway.tracking.rpc.TrackingReplica.tag;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.tracking.v1.KeySelection;
import dev.slipway.tracking.v1.LifecycleStage;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunChange;
import dev.slipway.tracking.v1.RunData;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.RunProjection;
import dev.slipway.tracking.v1.RunStatus;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.WatchRunRequest;
import dev.slipway.tracking.v1.WatchRunResponse;
import dev.slipway.tracking.watch.FeedPosition;
import dev.slipway.tracking.watch.LogPositions;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds what WatchRun promises, whatever the database. */
abstract class WatchRunContract {
  private static final Duration SHORT = millis(10);

  private DatabaseConfig database;
  private TrackingReplica replica;

  static Duration millis(int millis) {
    return Duration.newBuilder().setNanos(millis * 1_000_000).build();
  }

  abstract DatabaseConfig databaseConfig();

  @BeforeEach
  void start() {
    database = databaseConfig();
    replica = new TrackingReplica(database);
  }

  @AfterEach
  void stop() {
    replica.close();
  }

  private static WatchRunRequest.Builder request(String run) {
    return WatchRunRequest.newBuilder().setRunId(run).setMinInterval(SHORT);
  }

  private WatchClient<WatchRunRequest, WatchRunResponse> watch(WatchRunRequest.Builder request) {
    return watch(replica, request);
  }

  static WatchClient<WatchRunRequest, WatchRunResponse> watch(
      TrackingReplica replica, WatchRunRequest.Builder request) {
    WatchClient<WatchRunRequest, WatchRunResponse> client = new WatchClient<>(true);
    TrackingServiceGrpc.newStub(replica.channel()).watchRun(request.build(), client);
    return client;
  }

  /** Waits until the watcher knows what a reader finds. */
  private void awaitSame(WatchClient<WatchRunRequest, WatchRunResponse> client, String run)
      throws InterruptedException {
    Run now = replica.getRun(run);
    client.await(messages -> RunReplay.of(messages).run().equals(now));
  }

  @Test
  void watch_sendsTheWholeRunAndThenEveryKindOfChange() throws Exception {
    String run = replica.newRun();
    replica.log(run, metric("a", 1, 1), metric("b", 2, 1));
    replica.log(run, param("p", "1"));
    replica.log(run, tag("t", "1"), tag("u", "1"));
    WatchClient<WatchRunRequest, WatchRunResponse> client = watch(request(run));
    List<WatchRunResponse> first = client.await(messages -> !messages.isEmpty());
    assertThat(first.get(0).getSnapshot()).isEqualTo(replica.getRun(run));
    assertThat(first.get(0).getResumeToken()).isNotEmpty();

    replica.log(run, metric("a", 5, 2), metric("c", 1, 1));
    awaitSame(client, run);
    replica.log(run, metric("a", 4, 1), param("q", "2"));
    awaitSame(client, run);
    replica.log(run, tag("t", "2"), tag("mlflow.runName", "renamed"));
    awaitSame(client, run);
    replica.removeTag(run, "u");
    awaitSame(client, run);
    replica.setStatus(run, RunStatus.RUN_STATUS_FINISHED);
    awaitSame(client, run);
    replica.logInput(run, "digits");
    awaitSame(client, run);
    replica.logOutput(run, "0");
    awaitSame(client, run);
    assertThat(RunReplay.of(client.messages()).run().getOutputs().getModelOutputsList()).hasSize(1);
    replica.deleteRun(run);
    awaitSame(client, run);
    replica.restoreRun(run);
    awaitSame(client, run);

    List<WatchRunResponse> all = client.messages();
    assertThat(all.stream().filter(WatchRunResponse::hasSnapshot)).hasSize(1);
    assertThat(all).allSatisfy(message -> assertThat(message.getResumeToken()).isNotEmpty());
    RunInfo info = RunReplay.of(all).run().getInfo();
    assertThat(info.getRunName()).isEqualTo("renamed");
    assertThat(info.getLifecycleStage()).isEqualTo(LifecycleStage.LIFECYCLE_STAGE_ACTIVE);
  }

  @Test
  void inputsAndOutputs_comeOnceAndGoWithAPurgedModel() throws Exception {
    String run = replica.newRun();
    WatchClient<WatchRunRequest, WatchRunResponse> client = watch(request(run));
    String beforeInputs = client.await(messages -> !messages.isEmpty()).get(0).getResumeToken();

    replica.logInput(run, "digits");
    awaitSame(client, run);
    replica.logInput(run, "digits");
    replica.logOutput(run, "0");
    awaitSame(client, run);

    List<RunChange> changes = changes(client.messages());
    assertThat(changes.stream().map(RunChange::hasInputs)).containsExactly(true, false);
    assertThat(changes.stream().map(RunChange::hasOutputs)).containsExactly(false, true);
    assertThat(changes).noneMatch(RunChange::hasInfo);

    WatchClient<WatchRunRequest, WatchRunResponse> resumed =
        watch(request(run).setResumeToken(beforeInputs));
    RunChange missed = changes(resumed.await(messages -> !messages.isEmpty())).get(0);
    assertThat(missed.getInputs()).isEqualTo(replica.getRun(run).getInputs());
    assertThat(missed.getOutputs()).isEqualTo(replica.getRun(run).getOutputs());

    replica.purgeModel(missed.getOutputs().getModelOutputs(0).getModelId());
    awaitSame(client, run);
    assertThat(RunReplay.of(client.messages()).run().getOutputs().getModelOutputsList()).isEmpty();
  }

  private static List<RunChange> changes(List<WatchRunResponse> messages) {
    return messages.stream()
        .filter(WatchRunResponse::hasChange)
        .map(WatchRunResponse::getChange)
        .toList();
  }

  @Test
  void projection_showsWhatItNamesAndIsSilentAboutTheRest() throws Exception {
    String run = replica.newRun();
    KeySelection.Builder none = KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_NONE);
    WatchClient<WatchRunRequest, WatchRunResponse> client =
        watch(
            request(run)
                .setProjection(
                    RunProjection.newBuilder()
                        .setMetrics(listed("a"))
                        .setParams(none)
                        .setTags(listed("t"))));
    client.await(messages -> !messages.isEmpty());

    replica.log(run, metric("b", 1, 1), param("p", "1"), tag("u", "1"));
    replica.log(run, metric("b", 1, 2), metric("a", 1, 2), param("q", "1"), tag("t", "1"));
    // What one call logs may be told in two messages.
    List<WatchRunResponse> messages =
        client.await(
            some -> {
              RunData data = RunReplay.of(some).run().getData();
              return data.getMetricsCount() > 0 && data.getTagsCount() > 0;
            });

    RunData seen = RunReplay.of(messages).run().getData();
    assertThat(seen.getMetricsList()).containsExactly(metric("a", 1, 2));
    assertThat(seen.getParamsList()).isEmpty();
    assertThat(seen.getTagsList()).containsExactly(tag("t", "1"));
  }

  private static KeySelection listed(String key) {
    return KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_LISTED).addKeys(key).build();
  }

  @Test
  void includePoints_bringsEveryPointOnce() throws Exception {
    String run = replica.newRun();
    replica.log(run, metric("m", 0, 0));
    WatchClient<WatchRunRequest, WatchRunResponse> client =
        watch(request(run).setIncludePoints(true));
    client.await(messages -> !messages.isEmpty());

    stream(replica, run, "w", 1, 300);
    List<WatchRunResponse> messages =
        client.await(some -> RunReplay.of(some).appendedSteps("m").size() >= 300);
    replica.log(run, tag("t", "end"));
    awaitSame(client, run);

    RunReplay replay = RunReplay.of(client.messages());
    assertThat(replay.appendedSteps("m"))
        .containsExactlyInAnyOrderElementsOf(LongStream.rangeClosed(1, 300).boxed().toList());
    assertThat(replay.pointsOmitted()).isFalse();
    assertThat(messages)
        .allSatisfy(
            message ->
                message
                    .getChange()
                    .getAppendedList()
                    .forEach(append -> assertThat(append.getPoints().getStepList()).isSorted()));
  }

  /** Sends points of metric {@code m}, one a batch, whose steps are the numbers of the batches. */
  static void stream(TrackingReplica replica, String run, String writerId, long from, long to)
      throws Exception {
    MetricWriter writer = MetricWriter.open(replica.channel(), run, writerId);
    assertThat(writer.opened().getCommittedSeq()).isEqualTo(from - 1);
    for (long seq = from; seq <= to; seq++) {
      writer.send(
          MetricBatch.newBuilder()
              .setSeq(seq)
              .addNames("m")
              .addStep(seq)
              .addTimestampMs(1000 + seq)
              .addValue((double) seq));
    }
    writer.halfClose();
    writer.awaitEnd();
  }

  @Test
  void slowWatcher_getsTheLatestStateInFewMessages() throws Exception {
    String run = replica.newRun();
    WatchClient<WatchRunRequest, WatchRunResponse> slow = new WatchClient<>(false);
    TrackingServiceGrpc.newStub(replica.channel()).watchRun(request(run).build(), slow);
    slow.request(1);
    slow.await(messages -> !messages.isEmpty());
    WatchClient<WatchRunRequest, WatchRunResponse> fast = watch(request(run));
    String text = "x".repeat(5_000);
    // Far more than the transport holds, so that the server has to wait for the reader.
    for (int i = 1; i <= 150; i++) {
      replica.log(run, metric("m", i, i), tag("t", i + text));
      if (i % 10 == 0) {
        awaitSame(fast, run);
      }
    }

    slow.request(1_000_000);
    awaitSame(slow, run);

    assertThat(fast.messages()).hasSizeGreaterThanOrEqualTo(15);
    assertThat(slow.messages().size()).isLessThan(60);
  }

  @Test
  void resumedWatch_bringsWhatHappenedMeanwhileAndNoSnapshot() throws Exception {
    String run = replica.newRun();
    replica.log(run, param("p", "1"), tag("t", "1"), tag("u", "1"), metric("m", 1, 1));
    WatchClient<WatchRunRequest, WatchRunResponse> before = watch(request(run));
    before.await(messages -> !messages.isEmpty());
    List<WatchRunResponse> known = new ArrayList<>(before.messages());
    before.cancel();
    replica.log(run, param("q", "1"), tag("t", "2"), metric("m", 2, 2), metric("n", 1, 1));
    replica.removeTag(run, "u");
    try (TrackingReplica other = new TrackingReplica(database)) {
      WatchClient<WatchRunRequest, WatchRunResponse> after =
          watch(
              other,
              request(run)
                  .setIncludePoints(true)
                  .setResumeToken(known.get(known.size() - 1).getResumeToken()));
      Run now = replica.getRun(run);
      after.await(
          messages -> {
            List<WatchRunResponse> all = new ArrayList<>(known);
            all.addAll(messages);
            return RunReplay.of(all).run().equals(now);
          });
      assertThat(after.messages()).noneMatch(WatchRunResponse::hasSnapshot);
      var first = after.messages().get(0).getChange();
      assertThat(first.hasInfo()).isFalse();
      assertThat(first.getParamsList()).containsExactly(param("q", "1"));
      assertThat(first.getDeletedTagKeysList()).containsExactly("u");
      assertThat(RunReplay.of(after.messages()).appendedSteps("m")).containsExactly(2L);

      replica.log(run, tag("t", "3"));
      after.await(
          messages -> RunReplay.of(messages).run().getData().getTagsList().contains(tag("t", "3")));
    }
  }

  @Test
  void resumeToken_thatIsNone_isRefused() throws Exception {
    String run = replica.newRun();
    String other = replica.newRun();
    WatchClient<WatchRunRequest, WatchRunResponse> client = watch(request(run));
    String token = client.await(messages -> !messages.isEmpty()).get(0).getResumeToken();
    String damaged = (token.startsWith("A") ? "B" : "A") + token.substring(1);
    assertRefused(request(run).setResumeToken("garbage"), "resume_token");
    assertRefused(request(run).setResumeToken(damaged), "resume_token");
    assertRefused(request(other).setResumeToken(token), "resume_token");
    assertRefused(
        request(run)
            .setResumeToken(token)
            .setProjection(RunProjection.newBuilder().setTags(listed("t"))),
        "resume_token");
  }

  @Test
  void request_withManyFaults_isRefusedWithAllOfThem() {
    assertRefused(
        WatchRunRequest.newBuilder()
            .setRunId("x")
            .setMinInterval(millis(9))
            .setHeartbeatInterval(Duration.newBuilder().setSeconds(301))
            .setResumeToken("?"),
        "run_id",
        "min_interval",
        "heartbeat_interval",
        "resume_token");
    assertRefused(
        request(replica.newRun())
            .setMinInterval(Duration.newBuilder().setSeconds(Long.MAX_VALUE))
            .setHeartbeatInterval(Duration.newBuilder().setSeconds(Long.MIN_VALUE)),
        "min_interval",
        "heartbeat_interval");
  }

  private void assertRefused(WatchRunRequest.Builder request, String... fields) {
    assertInvalid(() -> replica.stub().watchRun(request.build()).hasNext(), fields);
  }

  @Test
  void tokenOfALaterState_asAfterARestoredBackup_isAnsweredByASnapshot() throws Exception {
    String run = replica.newRun();
    String token =
        ResumeToken.encode(
            WatchRequests.watchRun(request(run).build()).course().watched(),
            new FeedPosition(1_000_000, LogPositions.START));
    WatchClient<WatchRunRequest, WatchRunResponse> client =
        watch(request(run).setResumeToken(token));
    assertThat(client.await(messages -> !messages.isEmpty()).get(0).getSnapshot())
        .isEqualTo(replica.getRun(run));
  }

  @Test
  void silence_isFilledWithHeartbeatsThatCanBeResumedFrom() throws Exception {
    String run = replica.newRun();
    WatchClient<WatchRunRequest, WatchRunResponse> client =
        watch(request(run).setHeartbeatInterval(Duration.newBuilder().setSeconds(1)));
    List<WatchRunResponse> messages = client.await(some -> some.size() >= 2);
    assertThat(messages.get(1).getHeartbeat().getTime().getSeconds()).isPositive();
    client.cancel();
    replica.log(run, tag("t", "1"));
    WatchClient<WatchRunRequest, WatchRunResponse> again =
        watch(request(run).setResumeToken(messages.get(1).getResumeToken()));
    WatchRunResponse first = again.await(some -> !some.isEmpty()).get(0);
    assertThat(first.getChange().getTagsList()).containsExactly(tag("t", "1"));
  }

  @Test
  void runThatIsAbsentOrVanishes_endsTheWatch() throws Exception {
    String absent = "0".repeat(32);
    assertIs(watch(request(absent)).awaitError(), Status.Code.NOT_FOUND, "RUN_NOT_FOUND");
    String run = replica.newRun();
    WatchClient<WatchRunRequest, WatchRunResponse> client = watch(request(run));
    client.await(messages -> !messages.isEmpty());
    replica.purge(run);
    assertIs(client.awaitError(), Status.Code.NOT_FOUND, "RUN_NOT_FOUND");
  }

  @Test
  void serverThatStops_tellsItsWatchersToGoElsewhere_andNothingIsMissed() throws Exception {
    String run = replica.newRun();
    WatchClient<WatchRunRequest, WatchRunResponse> client =
        watch(request(run).setIncludePoints(true));
    client.await(messages -> !messages.isEmpty());
    try (TrackingReplica other = new TrackingReplica(database)) {
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(
              () -> {
                for (int i = 1; i <= 200; i++) {
                  other.log(run, metric("m", i, i), tag("t", "" + i));
                }
              });
      client.await(messages -> RunReplay.of(messages).appendedSteps("m").size() > 20);
      replica.stop();
      Throwable failure = client.awaitError();
      assertIs(failure, Status.Code.UNAVAILABLE, "SERVER_STOPPING");
      List<WatchRunResponse> known = client.messages();
      WatchClient<WatchRunRequest, WatchRunResponse> resumed =
          watch(
              other,
              request(run)
                  .setIncludePoints(true)
                  .setResumeToken(known.get(known.size() - 1).getResumeToken()));
      writing.join();
      Run now = other.getRun(run);
      List<WatchRunResponse> all = new ArrayList<>(known);
      all.addAll(
          resumed.await(
              messages -> {
                List<WatchRunResponse> some = new ArrayList<>(known);
                some.addAll(messages);
                return RunReplay.of(some).run().equals(now)
                    && RunReplay.of(some).appendedSteps("m").size() >= 200;
              }));
      assertThat(all.stream().filter(WatchRunResponse::hasSnapshot)).hasSize(1);
      assertThat(RunReplay.of(all).appendedSteps("m"))
          .containsExactlyInAnyOrderElementsOf(LongStream.rangeClosed(1, 200).boxed().toList());
      assertThat(RunReplay.of(all).pointsOmitted()).isFalse();
    }
  }

  @Test
  void manyWritersOnTwoReplicas_leaveEveryWatcherWithWhatReadersSee() throws Exception {
    String run = replica.newRun();
    try (TrackingReplica other = new TrackingReplica(database)) {
      List<WatchClient<WatchRunRequest, WatchRunResponse>> clients =
          List.of(
              watch(replica, request(run).setIncludePoints(true)),
              watch(other, request(run).setMinInterval(millis(100))));
      List<CompletableFuture<Void>> writers =
          IntStream.range(0, 4)
              .mapToObj(
                  w ->
                      CompletableFuture.runAsync(() -> write(w % 2 == 0 ? replica : other, run, w)))
              .toList();
      CompletableFuture<Void> streaming =
          CompletableFuture.runAsync(
              () -> {
                try {
                  stream(other, run, "s", 1, 100);
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              });
      writers.forEach(CompletableFuture::join);
      streaming.join();
      for (WatchClient<WatchRunRequest, WatchRunResponse> client : clients) {
        awaitSame(client, run);
      }
      clients.get(0).await(messages -> RunReplay.of(messages).appendedSteps("m").size() >= 100);
      assertThat(RunReplay.of(clients.get(0).messages()).appendedSteps("m"))
          .doesNotHaveDuplicates();
    }
  }

  private static void write(TrackingReplica on, String run, int writer) {
    for (int i = 0; i < 25; i++) {
      on.log(
          run,
          metric("w" + writer, i, i),
          metric("shared", writer, i),
          param("p" + writer + "." + i, "" + i),
          tag("t" + i % 5, writer + "." + i));
      if (i % 6 == 5) {
        on.setStatus(run, i % 4 == 1 ? RunStatus.RUN_STATUS_RUNNING : RunStatus.RUN_STATUS_FAILED);
      }
      on.log(run, tag("own" + writer, "" + i));
      on.removeTag(run, "own" + writer);
    }
  }

  @Test
  void runThatIsLargerThanAMessage_comesInSeveral() throws Exception {
    String run = replica.newRun();
    String text = "x".repeat(6_000);
    for (int call = 0; call < 9; call++) {
      int from = call * 100;
      replica.log(
          run,
          IntStream.range(from, from + 100)
              .mapToObj(i -> param("p" + i, text))
              .toArray(Param[]::new));
    }
    WatchClient<WatchRunRequest, WatchRunResponse> client = watch(request(run));
    client.await(messages -> RunReplay.of(messages).run().getData().getParamsCount() == 900);
    List<WatchRunResponse> messages = client.messages();
    assertThat(messages).hasSizeGreaterThan(2);
    assertThat(messages.get(0).hasSnapshot()).isTrue();
    assertThat(messages.subList(0, messages.size() - 1))
        .allMatch(message -> message.getResumeToken().isEmpty());
    assertThat(messages.get(messages.size() - 1).getResumeToken()).isNotEmpty();
  }
}

package dev.slipway.tracking.rpc;

import static dev.slipway.tracking.rpc.Errors.assertInvalid;
import static dev.slipway.tracking.rpc.Errors.assertIs;
import static dev.slipway.tracking.rpc.TrackingReplica.metric;
import static dev.slipway.tracking.rpc.TrackingReplica.param;
import static dev.slipway.tracking.rpc.TrackingReplica.tag;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.FieldMask;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.tracking.v1.DeleteExperimentRequest;
import dev.slipway.tracking.v1.Experiment;
import dev.slipway.tracking.v1.ExperimentRunChange;
import dev.slipway.tracking.v1.KeySelection;
import dev.slipway.tracking.v1.LifecycleStage;
import dev.slipway.tracking.v1.RestoreExperimentRequest;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunProjection;
import dev.slipway.tracking.v1.RunStatus;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.SearchRunsResponse;
import dev.slipway.tracking.v1.SetExperimentTagsRequest;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.UpdateExperimentRequest;
import dev.slipway.tracking.v1.ViewType;
import dev.slipway.tracking.v1.WatchExperimentRequest;
import dev.slipway.tracking.v1.WatchExperimentResponse;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds what WatchExperiment promises, whatever the database. */
abstract class WatchExperimentContract {
  private DatabaseConfig database;
  private TrackingReplica replica;
  private String experiment;

  abstract DatabaseConfig databaseConfig();

  @BeforeEach
  void start() {
    database = databaseConfig();
    replica = new TrackingReplica(database);
    experiment = replica.newExperiment("watched");
  }

  @AfterEach
  void stop() {
    replica.close();
  }

  private WatchExperimentRequest.Builder request() {
    return WatchExperimentRequest.newBuilder()
        .setExperimentId(experiment)
        .setMinInterval(WatchRunContract.millis(10));
  }

  private WatchClient<WatchExperimentRequest, WatchExperimentResponse> watch(
      WatchExperimentRequest.Builder request) {
    return watch(replica, request, true);
  }

  private static WatchClient<WatchExperimentRequest, WatchExperimentResponse> watch(
      TrackingReplica replica, WatchExperimentRequest.Builder request, boolean reads) {
    WatchClient<WatchExperimentRequest, WatchExperimentResponse> client = new WatchClient<>(reads);
    TrackingServiceGrpc.newStub(replica.channel()).watchExperiment(request.build(), client);
    return client;
  }

  private Map<String, Run> search(ViewType view) {
    Map<String, Run> runs = new TreeMap<>();
    String token = "";
    do {
      SearchRunsResponse page =
          replica
              .stub()
              .searchRuns(
                  SearchRunsRequest.newBuilder()
                      .addExperimentIds(experiment)
                      .setViewType(view)
                      .setPageToken(token)
                      .build());
      page.getRunsList().forEach(run -> runs.put(run.getInfo().getRunId(), run));
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return runs;
  }

  private void awaitSame(
      WatchClient<WatchExperimentRequest, WatchExperimentResponse> client, ViewType view)
      throws InterruptedException {
    awaitSame(List.of(), client, view);
  }

  private void awaitSame(
      List<WatchExperimentResponse> known,
      WatchClient<WatchExperimentRequest, WatchExperimentResponse> client,
      ViewType view)
      throws InterruptedException {
    Map<String, Run> now = search(view);
    client.await(
        messages -> {
          ExperimentReplay replay = replay(known, messages);
          return replay.isComplete() && replay.runs().equals(now);
        });
  }

  private static ExperimentReplay replay(
      List<WatchExperimentResponse> known, List<WatchExperimentResponse> messages) {
    List<WatchExperimentResponse> all = new ArrayList<>(known);
    all.addAll(messages);
    return ExperimentReplay.of(all);
  }

  private static List<WatchExperimentResponse> awaitComplete(
      WatchClient<WatchExperimentRequest, WatchExperimentResponse> client)
      throws InterruptedException {
    return client.await(messages -> ExperimentReplay.of(messages).isComplete());
  }

  private static List<ExperimentRunChange.Type> types(
      List<WatchExperimentResponse> messages, String run) {
    return messages.stream()
        .flatMap(message -> message.getChangesList().stream())
        .filter(change -> change.getRunId().equals(run))
        .map(ExperimentRunChange::getType)
        .toList();
  }

  private static String token(List<WatchExperimentResponse> messages) {
    return messages.get(messages.size() - 1).getResumeToken();
  }

  @Test
  void watch_showsRunsComingChangingAndLeaving() throws Exception {
    String first = replica.newRun(experiment);
    replica.log(first, metric("a", 1, 1), param("p", "1"), tag("t", "1"));
    String elsewhere = replica.newRun();
    var client = watch(request());
    WatchExperimentResponse snapshot = client.await(messages -> !messages.isEmpty()).get(0);
    assertThat(snapshot.getExperiment().getName()).isEqualTo("watched");
    assertThat(snapshot.getSnapshot().getRunsList()).containsExactly(replica.getRun(first));
    assertThat(snapshot.getSnapshot().getComplete()).isTrue();

    String second = replica.newRun(experiment);
    awaitSame(client, ViewType.VIEW_TYPE_ACTIVE_ONLY);
    replica.log(second, metric("a", 1, 1), metric("b", 1, 1), param("q", "1"), tag("t", "1"));
    awaitSame(client, ViewType.VIEW_TYPE_ACTIVE_ONLY);
    replica.log(first, metric("a", 2, 2), tag("mlflow.runName", "renamed"));
    replica.log(elsewhere, tag("t", "1"), metric("a", 1, 1));
    awaitSame(client, ViewType.VIEW_TYPE_ACTIVE_ONLY);
    replica.removeTag(first, "t");
    replica.setStatus(first, RunStatus.RUN_STATUS_FINISHED);
    awaitSame(client, ViewType.VIEW_TYPE_ACTIVE_ONLY);
    assertThat(types(client.messages(), first))
        .isNotEmpty()
        .containsOnly(ExperimentRunChange.Type.TYPE_CHANGED);
    replica.logInput(second, "digits");
    replica.logOutput(first, experiment);
    awaitSame(client, ViewType.VIEW_TYPE_ACTIVE_ONLY);
    replica.deleteRun(second);
    awaitSame(client, ViewType.VIEW_TYPE_ACTIVE_ONLY);
    replica.restoreRun(second);
    awaitSame(client, ViewType.VIEW_TYPE_ACTIVE_ONLY);
    List<ExperimentRunChange.Type> ofSecond = types(client.messages(), second);
    assertThat(ofSecond)
        .startsWith(ExperimentRunChange.Type.TYPE_ADDED)
        .contains(ExperimentRunChange.Type.TYPE_REMOVED)
        .endsWith(ExperimentRunChange.Type.TYPE_ADDED);
    replica.setStart(first, 1);
    awaitSame(client, ViewType.VIEW_TYPE_ACTIVE_ONLY);

    assertThat(types(client.messages(), elsewhere)).isEmpty();
    assertThat(client.messages().stream().filter(WatchExperimentResponse::hasSnapshot)).hasSize(1);
  }

  @Test
  void experimentItself_isSentWhenItChanges() throws Exception {
    String run = replica.newRun(experiment);
    var client = watch(request());
    var all = watch(request().setViewType(ViewType.VIEW_TYPE_ALL));
    awaitComplete(client);
    awaitComplete(all);
    var unused =
        replica
            .stub()
            .setExperimentTags(
                SetExperimentTagsRequest.newBuilder()
                    .setExperimentId(experiment)
                    .addTags(tag("t", "1"))
                    .build());
    client.await(messages -> ExperimentReplay.of(messages).experiment().getTagsList().size() == 1);
    Experiment renamed =
        replica
            .stub()
            .updateExperiment(
                UpdateExperimentRequest.newBuilder()
                    .setExperiment(
                        Experiment.newBuilder().setExperimentId(experiment).setName("renamed"))
                    .setUpdateMask(FieldMask.newBuilder().addPaths("name"))
                    .build());
    client.await(messages -> ExperimentReplay.of(messages).experiment().equals(renamed));

    Experiment deleted =
        replica
            .stub()
            .deleteExperiment(
                DeleteExperimentRequest.newBuilder().setExperimentId(experiment).build());
    client.await(
        messages ->
            ExperimentReplay.of(messages).experiment().equals(deleted)
                && ExperimentReplay.of(messages).runs().isEmpty());
    awaitSame(all, ViewType.VIEW_TYPE_ALL);
    assertThat(ExperimentReplay.of(all.messages()).runs().get(run).getInfo().getLifecycleStage())
        .isEqualTo(LifecycleStage.LIFECYCLE_STAGE_DELETED);
    var unused2 =
        replica
            .stub()
            .restoreExperiment(
                RestoreExperimentRequest.newBuilder().setExperimentId(experiment).build());
    awaitSame(client, ViewType.VIEW_TYPE_ACTIVE_ONLY);
    awaitSame(all, ViewType.VIEW_TYPE_ALL);
    assertThat(types(all.messages(), run)).containsOnly(ExperimentRunChange.Type.TYPE_ADDED);
  }

  @Test
  void viewOfDeletedRuns_showsThemWhileTheyAreDeleted() throws Exception {
    String run = replica.newRun(experiment);
    String other = replica.newRun(experiment);
    replica.deleteRun(other);
    var client = watch(request().setViewType(ViewType.VIEW_TYPE_DELETED_ONLY));
    awaitSame(client, ViewType.VIEW_TYPE_DELETED_ONLY);
    replica.log(run, tag("t", "1"), metric("m", 1, 1));
    replica.deleteRun(run);
    awaitSame(client, ViewType.VIEW_TYPE_DELETED_ONLY);
    replica.restoreRun(other);
    awaitSame(client, ViewType.VIEW_TYPE_DELETED_ONLY);
    assertThat(ExperimentReplay.of(client.messages()).runs()).containsOnlyKeys(run);
    // What was logged last may be told after the run has come into view.
    assertThat(types(client.messages(), run))
        .startsWith(ExperimentRunChange.Type.TYPE_ADDED)
        .doesNotContain(ExperimentRunChange.Type.TYPE_REMOVED);
  }

  @Test
  void projection_showsWhatItNamesAndIsSilentAboutTheRest() throws Exception {
    String run = replica.newRun(experiment);
    KeySelection.Builder none = KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_NONE);
    var client =
        watch(
            request()
                .setProjection(
                    RunProjection.newBuilder()
                        .setMetrics(
                            KeySelection.newBuilder()
                                .setMode(KeySelection.Mode.MODE_LISTED)
                                .addKeys("a"))
                        .setParams(none)
                        .setTags(none)));
    awaitComplete(client);
    replica.log(run, metric("b", 1, 1), param("p", "1"), tag("t", "1"));
    replica.log(run, metric("b", 1, 2));
    replica.log(run, metric("a", 1, 2));
    List<WatchExperimentResponse> messages = client.await(some -> some.size() > 1);
    assertThat(messages).hasSize(2);
    assertThat(messages.get(1).getChanges(0).getChange().getMetricsList())
        .containsExactly(metric("a", 1, 2));
    String created = replica.newRun(experiment);
    Run added = client.await(some -> some.size() > 2).get(2).getChanges(0).getRun();
    assertThat(added.getInfo().getRunId()).isEqualTo(created);
    assertThat(added.getData().getTagsList()).isEmpty();
  }

  @Test
  void manyRuns_comeInPieces_newestFirst_whileTheyChange() throws Exception {
    TrackingTables.insertRuns(database, experiment, 2_600);
    var client = watch(replica, request(), false);
    client.request(1);
    List<WatchExperimentResponse> begun = client.await(messages -> !messages.isEmpty());
    assertThat(begun.get(0).hasExperiment()).isTrue();
    assertThat(begun.get(0).getResumeToken()).isEmpty();
    // The snapshot waits for its reader; meanwhile runs come, go, change and move.
    Map<String, Run> runs = search(ViewType.VIEW_TYPE_ACTIVE_ONLY);
    List<String> ids = List.copyOf(runs.keySet());
    for (int i = 0; i < 60; i++) {
      String id = ids.get(i * 40);
      switch (i % 4) {
        case 0 -> replica.log(id, tag("t", "" + i), metric("m", i, i));
        case 1 -> replica.deleteRun(id);
        case 2 -> replica.setStart(id, 4_000_000_000L + i);
        default -> replica.setStart(id, 0);
      }
    }
    String created = replica.newRun(experiment);
    replica.deleteRun(created);
    String stays = replica.newRun(experiment);
    client.request(1_000_000);
    awaitSame(client, ViewType.VIEW_TYPE_ACTIVE_ONLY);

    List<WatchExperimentResponse> pieces =
        client.messages().stream().filter(WatchExperimentResponse::hasSnapshot).toList();
    assertThat(pieces).hasSizeGreaterThanOrEqualTo(5);
    assertThat(pieces.subList(0, pieces.size() - 1))
        .allMatch(piece -> !piece.getSnapshot().getComplete() && piece.getResumeToken().isEmpty());
    assertThat(pieces.get(pieces.size() - 1).getResumeToken()).isNotEmpty();
    assertThat(ExperimentReplay.of(client.messages()).runs()).containsKey(stays);
  }

  @Test
  void slowWatcher_getsTheLatestStateInFewMessages() throws Exception {
    String run = replica.newRun(experiment);
    var slow = watch(replica, request(), false);
    slow.request(1);
    awaitComplete(slow);
    var fast = watch(request());
    String text = "x".repeat(5_000);
    for (int i = 1; i <= 150; i++) {
      replica.log(run, metric("m", i, i), tag("t", i + text));
      if (i % 10 == 0) {
        awaitSame(fast, ViewType.VIEW_TYPE_ACTIVE_ONLY);
      }
    }
    slow.request(1_000_000);
    awaitSame(slow, ViewType.VIEW_TYPE_ACTIVE_ONLY);
    assertThat(fast.messages()).hasSizeGreaterThanOrEqualTo(15);
    assertThat(slow.messages().size()).isLessThan(60);
  }

  @Test
  void resumedWatch_onAnotherReplica_bringsWhatHappenedMeanwhileAndNoSnapshot() throws Exception {
    String changed = replica.newRun(experiment);
    String deleted = replica.newRun(experiment);
    String same = replica.newRun(experiment);
    var before = watch(request());
    List<WatchExperimentResponse> known = awaitComplete(before);
    before.cancel();
    replica.log(changed, metric("m", 1, 1), tag("t", "1"));
    replica.deleteRun(deleted);
    String created = replica.newRun(experiment);
    replica.log(created, param("p", "1"), metric("m", 1, 1));
    String shortLived = replica.newRun(experiment);
    replica.deleteRun(shortLived);
    try (TrackingReplica other = new TrackingReplica(database)) {
      var after = watch(other, request().setResumeToken(token(known)), true);
      awaitSame(known, after, ViewType.VIEW_TYPE_ACTIVE_ONLY);
      assertThat(after.messages()).noneMatch(WatchExperimentResponse::hasSnapshot);
      assertThat(types(after.messages(), same)).isEmpty();
      assertThat(types(after.messages(), changed))
          .containsExactly(ExperimentRunChange.Type.TYPE_CHANGED);
      assertThat(types(after.messages(), created))
          .containsExactly(ExperimentRunChange.Type.TYPE_ADDED);
      replica.log(same, metric("m", 7, 7));
      awaitSame(known, after, ViewType.VIEW_TYPE_ACTIVE_ONLY);
    }
  }

  @Test
  void runThatMoved_isToldWholeInAViewOfAllRuns_sinceASnapshotMayHaveMissedIt() throws Exception {
    String run = replica.newRun(experiment);
    WatchExperimentRequest.Builder all = request().setViewType(ViewType.VIEW_TYPE_ALL);
    var first = watch(all);
    List<WatchExperimentResponse> known = awaitComplete(first);
    replica.setStart(run, 1);
    awaitSame(first, ViewType.VIEW_TYPE_ALL);
    assertThat(types(first.messages(), run)).containsExactly(ExperimentRunChange.Type.TYPE_ADDED);
    var resumed = watch(all.setResumeToken(token(known)));
    awaitSame(known, resumed, ViewType.VIEW_TYPE_ALL);
    assertThat(types(resumed.messages(), run))
        .isNotEmpty()
        .containsOnly(ExperimentRunChange.Type.TYPE_ADDED);
    assertThat(resumed.messages()).noneMatch(WatchExperimentResponse::hasSnapshot);
  }

  @Test
  void purgedRuns_areToldByASnapshotWhereTheyWereSeen() throws Exception {
    String old = replica.newRun(experiment);
    replica.newRun(experiment);
    replica.deleteRun(old);
    var active = watch(request());
    var all = watch(request().setViewType(ViewType.VIEW_TYPE_ALL));
    List<WatchExperimentResponse> known = awaitComplete(all);
    awaitComplete(active);
    replica.purge(old);
    awaitSame(all, ViewType.VIEW_TYPE_ALL);
    String last = replica.newRun(experiment);
    awaitSame(active, ViewType.VIEW_TYPE_ACTIVE_ONLY);
    assertThat(active.messages().stream().filter(WatchExperimentResponse::hasSnapshot)).hasSize(1);
    var resumed = watch(request().setViewType(ViewType.VIEW_TYPE_ALL).setResumeToken(token(known)));
    awaitSame(known, resumed, ViewType.VIEW_TYPE_ALL);

    // Deleted and purged, perhaps before anybody could look.
    replica.purge(last);
    awaitSame(active, ViewType.VIEW_TYPE_ACTIVE_ONLY);
  }

  @Test
  void tooManyChangesAtOnce_areToldByASnapshot() throws Exception {
    TrackingTables.insertRuns(database, experiment, 5_100);
    var client = watch(request());
    awaitComplete(client);
    var unused =
        replica
            .stub()
            .deleteExperiment(
                DeleteExperimentRequest.newBuilder().setExperimentId(experiment).build());
    awaitSame(client, ViewType.VIEW_TYPE_ACTIVE_ONLY);
    assertThat(client.messages().size()).isLessThan(40);
  }

  @Test
  void request_withManyFaults_isRefusedWithAllOfThem() throws Exception {
    assertRefused(
        WatchExperimentRequest.newBuilder()
            .setExperimentId("x")
            .setViewTypeValue(9)
            .setMinInterval(WatchRunContract.millis(1))
            .setResumeToken("?"),
        "experiment_id",
        "view_type",
        "min_interval",
        "resume_token");
    String token = token(awaitComplete(watch(request())));
    assertRefused(
        request().setResumeToken(token).setViewType(ViewType.VIEW_TYPE_ALL), "resume_token");
    assertRefused(request().setResumeToken(token).setExperimentId("0"), "resume_token");
    assertIs(
        watch(request().setExperimentId("999")).awaitError(),
        Status.Code.NOT_FOUND,
        "EXPERIMENT_NOT_FOUND");
  }

  private void assertRefused(WatchExperimentRequest.Builder request, String... fields) {
    assertInvalid(() -> replica.stub().watchExperiment(request.build()).hasNext(), fields);
  }

  @Test
  void manyWritersOnTwoReplicas_leaveEveryWatcherWithWhatReadersSee_alsoAfterAStop()
      throws Exception {
    List<String> runs = IntStream.range(0, 10).mapToObj(i -> replica.newRun(experiment)).toList();
    AtomicBoolean resumed = new AtomicBoolean();
    TrackingReplica stopping = new TrackingReplica(database);
    try (TrackingReplica other = new TrackingReplica(database)) {
      var active = watch(request());
      var all =
          watch(
              other,
              request()
                  .setViewType(ViewType.VIEW_TYPE_ALL)
                  .setMinInterval(WatchRunContract.millis(100)),
              true);
      var moving = watch(stopping, request(), true);
      awaitComplete(moving);
      List<CompletableFuture<Void>> writers =
          IntStream.range(0, 4)
              .mapToObj(
                  w ->
                      CompletableFuture.runAsync(
                          () -> write(w % 2 == 0 ? replica : other, runs, w, resumed)))
              .toList();
      moving.await(messages -> messages.size() > 5);
      stopping.stop();
      assertIs(moving.awaitError(), Status.Code.UNAVAILABLE, "SERVER_STOPPING");
      List<WatchExperimentResponse> known = moving.messages();
      var moved = watch(other, request().setResumeToken(token(known)), true);
      resumed.set(true);
      writers.forEach(CompletableFuture::join);
      awaitSame(active, ViewType.VIEW_TYPE_ACTIVE_ONLY);
      awaitSame(all, ViewType.VIEW_TYPE_ALL);
      awaitSame(known, moved, ViewType.VIEW_TYPE_ACTIVE_ONLY);
      assertThat(moved.messages()).noneMatch(WatchExperimentResponse::hasSnapshot);
    } finally {
      resumed.set(true);
      stopping.close();
    }
  }

  private void write(TrackingReplica on, List<String> runs, int writer, AtomicBoolean resumed) {
    for (int i = 0; i < 20 || !resumed.get(); i++) {
      String run = runs.get((i + writer) % runs.size());
      on.log(
          run,
          metric("w" + writer, i, i),
          metric("shared", writer, i),
          param("p" + writer + "." + i, "" + i),
          tag("t" + i % 5, writer + "." + i));
      String own = on.newRun(experiment);
      on.log(own, metric("m", i, i), tag("own", "" + i));
      switch (i % 4) {
        case 0 -> on.deleteRun(own);
        case 1 -> {
          on.deleteRun(own);
          on.restoreRun(own);
        }
        case 2 -> on.removeTag(own, "own");
        default -> on.setStatus(own, RunStatus.RUN_STATUS_FAILED);
      }
    }
  }
}

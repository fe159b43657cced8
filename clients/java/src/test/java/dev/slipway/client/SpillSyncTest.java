package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.FieldMask;
import com.google.protobuf.Timestamp;
import dev.slipway.client.SyncedRun.Outcome;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.DeleteRunRequest;
import dev.slipway.tracking.v1.OpenMetricStream;
import dev.slipway.tracking.v1.RestoreRunRequest;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.RunStatus;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.SetRunTagsRequest;
import dev.slipway.tracking.v1.StreamMetricsRequest;
import dev.slipway.tracking.v1.StreamMetricsResponse;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.UpdateRunRequest;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpillSyncTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private Path folder;
  private Path spill;
  private TrackingBackend backend;
  private final List<SyncedRun> synced = new CopyOnWriteArrayList<>();

  @BeforeEach
  void makeBackend() throws IOException {
    spill = Files.createDirectory(folder.resolve("spill"));
    backend = TrackingBackend.away(folder.resolve("data"));
  }

  @AfterEach
  void closeBackend() {
    backend.close();
  }

  private RunOptions options() {
    return RunOptions.defaults()
        .withMetrics(MetricStreamOptions.defaults().withCloseTimeout(Duration.ZERO))
        .withSpill(spill, 1 << 30)
        .withSpillAfter(Duration.ofMillis(5));
  }

  /** Leaves a run in the spill folder, in batches of many sizes. */
  private String leaveRun(RunOptions options, int points) throws InterruptedException {
    ActiveRun run =
        backend
            .client()
            .startRun(CreateRunRequest.newBuilder().setRunName("offline").build(), options);
    run.logParam("depth", "3");
    run.setTag("stage", "a");
    for (int i = 0; i < points; i++) {
      run.logMetric("loss", i, i);
      if (i % 997 == 0) {
        run.flush(Duration.ofMillis(1));
        awaitKept(run, i + 1);
      }
    }
    run.finish();
    assertThat(TrackingBackend.awaitReleased(run).keptPoints()).isEqualTo(points);
    return run.runId();
  }

  /** How points are cut else depends on how fast the sender is. */
  private static void awaitKept(ActiveRun run, long points) throws InterruptedException {
    if (points < 10_000) {
      TrackingBackend.await(() -> run.summary().keptPoints() == points);
    }
  }

  private boolean sync() throws IOException, InterruptedException {
    return sync(PATIENCE);
  }

  private boolean sync(Duration patience) throws IOException, InterruptedException {
    synced.clear();
    return new SpillSync(backend.client().trackingChannel(), patience).sync(spill, synced::add);
  }

  private List<Path> sessions() throws IOException {
    return SpillFolder.sessions(spill);
  }

  private void assertWhole(String runId, int points) {
    Run run = backend.run(runId);
    assertThat(run.getInfo().getRunName()).isEqualTo("offline");
    assertThat(run.getInfo().getStatus()).isEqualTo(RunStatus.RUN_STATUS_FINISHED);
    assertThat(run.getData().getParams(0).getValue()).isEqualTo("3");
    assertThat(backend.history(runId, "loss")).isEqualTo(TrackingBackend.numbers(points));
  }

  @Test
  void sync_runsOfAServerThatWasAway_sendsThemAndDeletesTheFiles() throws Exception {
    String first = leaveRun(options(), 20_000);
    String second = leaveRun(options(), 0);
    backend.start();

    assertThat(sync()).isTrue();

    assertThat(synced)
        .extracting(SyncedRun::runId, SyncedRun::outcome, SyncedRun::sentPoints)
        .containsExactlyInAnyOrder(
            tuple(first, Outcome.SENT, 20_000L), tuple(second, Outcome.SENT, 0L));
    assertWhole(first, 20_000);
    assertThat(sessions()).isEmpty();
    assertThat(sync()).isTrue();
    assertThat(synced).isEmpty();
  }

  @Test
  void sync_cutAgainAndAgain_storesEachPointAndEachRunOnce() throws Exception {
    String runId = leaveRun(options(), 100_000);
    Map<Path, byte[]> copies = copyOfFiles();
    backend.start();
    Random random = new Random(3);
    backend.proxy().cutEvery(1 + random.nextInt(100_000), 8);
    assertThat(sync()).isTrue();
    assertWhole(runId, 100_000);

    // The files come back, as if the sync had died before it deleted them.
    restore(copies);
    assertThat(sync()).isTrue();

    assertThat(synced).singleElement().matches(run -> run.sentPoints() == 0);
    assertWhole(runId, 100_000);
    assertThat(
            backend
                .client()
                .tracking()
                .searchRuns(SearchRunsRequest.newBuilder().addExperimentIds("0").build())
                .getRunsList())
        .hasSize(1);
  }

  private Map<Path, byte[]> copyOfFiles() throws IOException {
    Map<Path, byte[]> copies = new LinkedHashMap<>();
    for (Path session : sessions()) {
      for (Path file : SpillFolder.segments(session)) {
        copies.put(file, Files.readAllBytes(file));
      }
    }
    return copies;
  }

  private static void restore(Map<Path, byte[]> copies) throws IOException {
    for (Map.Entry<Path, byte[]> copy : copies.entrySet()) {
      Files.createDirectories(copy.getKey().getParent());
      Files.write(copy.getKey(), copy.getValue());
    }
  }

  @Test
  void sync_runDeleted_keepsTheFilesSaysWhyAndSendsThemOnceItIsRestored() throws Exception {
    String runId = leaveRun(options(), 5_000);
    backend.start();
    ActiveRun other =
        backend
            .client()
            .startRun(
                CreateRunRequest.newBuilder()
                    .setRunId(runId)
                    .setRequestId(runId)
                    .setRunName("offline")
                    .build(),
                options());
    assertThat(other.flush(PATIENCE)).isTrue();
    assertThat(other.detach().isDelivered()).isTrue();
    backend.client().tracking().deleteRun(DeleteRunRequest.newBuilder().setRunId(runId).build());

    assertThat(sync()).isFalse();

    SyncedRun kept = synced.get(0);
    assertThat(kept.outcome()).isEqualTo(Outcome.KEPT);
    assertThat(kept.problems()).anyMatch(problem -> problem.contains("is deleted"));
    assertThat(sessions()).hasSize(1);

    backend.client().tracking().restoreRun(RestoreRunRequest.newBuilder().setRunId(runId).build());
    assertThat(sync()).isTrue();
    assertWhole(runId, 5_000);
    assertThat(sessions()).isEmpty();
  }

  @Test
  void sync_recordDamaged_sendsWhatFollowsSaysWhereAndStaysExactlyOnce() throws Exception {
    String runId = leaveRun(options(), 20_000);
    Path session = sessions().get(0);
    Path file = SpillFolder.segments(session).get(0);
    byte[] bytes = Files.readAllBytes(file);
    List<SpillRecord> batches = batches(file);
    assertThat(batches).hasSizeGreaterThan(5);
    SpillRecord hit = batches.get(2);
    int offset = indexOf(bytes, hit.encode().array());
    bytes[offset + hit.sizeBytes() - 1] ^= 4;
    Files.write(file, bytes);
    List<Double> expected = new ArrayList<>(TrackingBackend.numbers(20_000));
    expected.removeAll(hit.batch().getValueList());
    backend.start();

    for (int round = 0; round < 2; round++) {
      assertThat(sync()).isFalse();

      assertThat(synced.get(0).problems())
          .singleElement()
          .asString()
          .contains(hit.sizeBytes() + " bytes at offset " + offset);
      assertThat(backend.history(runId, "loss")).isEqualTo(expected);
    }
    assertThat(synced.get(0).sentPoints()).isZero();
    assertThat(backend.run(runId).getInfo().getStatus()).isEqualTo(RunStatus.RUN_STATUS_FINISHED);
  }

  private static List<SpillRecord> batches(Path file) throws IOException {
    List<SpillRecord> batches = new ArrayList<>();
    try (SpillCursor cursor = new SpillCursor(damage -> {})) {
      long seq = 0;
      for (var next = cursor.after(List.of(file), seq);
          next.isPresent();
          next = cursor.after(List.of(file), seq)) {
        batches.add(next.get());
        seq = next.get().number();
      }
    }
    return batches;
  }

  private static int indexOf(byte[] all, byte[] part) {
    for (int i = 0; i <= all.length - part.length; i++) {
      if (Arrays.equals(all, i, i + part.length, part, 0, part.length)) {
        return i;
      }
    }
    throw new AssertionError("not there");
  }

  @Test
  void sync_tornTail_isCutAndAllElseIsSent() throws Exception {
    String runId = leaveRun(options(), 5_000);
    Path file = SpillFolder.segments(sessions().get(0)).get(0);
    byte[] bytes = Files.readAllBytes(file);
    byte[] torn = Arrays.copyOf(bytes, bytes.length + 17);
    System.arraycopy(bytes, 0, torn, bytes.length, 17);
    Files.write(file, torn);
    backend.start();

    assertThat(sync()).isTrue();

    assertWhole(runId, 5_000);
    assertThat(sessions()).isEmpty();
  }

  @Test
  void sync_besideTheLiveJob_leavesItAlone() throws Exception {
    RunOptions patient =
        options().withMetrics(MetricStreamOptions.defaults().withCloseTimeout(PATIENCE));
    ActiveRun run = backend.client().startRun(CreateRunRequest.getDefaultInstance(), patient);
    run.logMetric("loss", 0, 0);
    TrackingBackend.await(() -> run.summary().keptPoints() == 1);
    backend.start();
    assertThat(sync()).isTrue();

    assertThat(synced).singleElement().matches(one -> one.outcome() == Outcome.IN_USE);
    run.logMetric("loss", 1, 1);
    assertThat(run.flush(PATIENCE)).isTrue();
    run.kill();
    assertThat(backend.history(run.runId(), "loss")).containsExactly(0.0, 1.0);
  }

  @Test
  void sync_manyAtOnce_storeEachPointOnce() throws Exception {
    List<String> runs = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      runs.add(leaveRun(options(), 10_000));
    }
    backend.start();
    CountDownLatch go = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    List<Throwable> failures = new CopyOnWriteArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  go.await();
                  new SpillSync(backend.client().trackingChannel(), PATIENCE)
                      .sync(spill, synced::add);
                } catch (IOException | InterruptedException | RuntimeException e) {
                  failures.add(e);
                }
              });
      thread.start();
      threads.add(thread);
    }
    go.countDown();
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(failures).isEmpty();
    assertThat(sessions()).isEmpty();
    for (String runId : runs) {
      assertWhole(runId, 10_000);
    }
    assertThat(synced).filteredOn(run -> run.outcome() == Outcome.SENT).hasSize(4);
  }

  @Test
  void sync_serverAway_keepsAllAndTriesNoMoreThanOne() throws Exception {
    leaveRun(options(), 10);
    leaveRun(options(), 10);

    assertThat(sync(Duration.ofMillis(200))).isFalse();

    assertThat(synced).hasSize(2).allMatch(run -> run.outcome() == Outcome.KEPT);
    assertThat(synced.get(1).problems()).first().asString().startsWith("not tried");
    assertThat(sessions()).hasSize(2);
  }

  @Test
  void sync_writerFencedMeanwhile_keepsTheRestAndSendsItNextTime() throws Exception {
    String runId = leaveRun(options(), 300_000);
    backend.start();
    Path session = sessions().get(0);
    String writerId = SpillFolder.owner(session).orElseThrow().writerId();
    Thread fencing =
        new Thread(
            () -> {
              while (synced.isEmpty()) {
                open(runId, writerId);
              }
            });
    synced.clear();
    fencing.start();
    boolean clean =
        new SpillSync(backend.client().trackingChannel(), PATIENCE).sync(spill, synced::add);
    fencing.join();

    assertThat(clean).isFalse();
    assertThat(synced.get(0).problems()).anyMatch(problem -> problem.contains("ABORTED"));
    assertThat(sync()).isTrue();
    assertWhole(runId, 300_000);
  }

  private void open(String runId, String writerId) {
    CountDownLatch answered = new CountDownLatch(1);
    StreamObserver<StreamMetricsRequest> requests =
        TrackingServiceGrpc.newStub(backend.client().trackingChannel())
            .streamMetrics(
                new StreamObserver<StreamMetricsResponse>() {
                  @Override
                  public void onNext(StreamMetricsResponse response) {
                    answered.countDown();
                  }

                  @Override
                  public void onError(Throwable cause) {
                    answered.countDown();
                  }

                  @Override
                  public void onCompleted() {
                    answered.countDown();
                  }
                });
    requests.onNext(
        StreamMetricsRequest.newBuilder()
            .setOpen(OpenMetricStream.newBuilder().setRunId(runId).setWriterId(writerId))
            .build());
    try {
      answered.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    requests.onCompleted();
  }

  @Test
  void sync_tagAnsweredBeforeButFilesKept_doesNotSetItAgain() throws Exception {
    RunOptions options = options();
    ActiveRun run = backend.client().startRun(CreateRunRequest.getDefaultInstance(), options);
    run.setTag("stage", "a");
    run.logParam("depth", "3");
    run.logParam("depth", "4");
    run.finish();
    TrackingBackend.awaitReleased(run);
    backend.start();
    assertThat(sync()).isFalse();
    assertThat(synced.get(0).problems()).singleElement().asString().contains("depth");
    backend
        .client()
        .tracking()
        .setRunTags(
            SetRunTagsRequest.newBuilder()
                .setRunId(run.runId())
                .addTags(Tag.newBuilder().setKey("stage").setValue("by hand"))
                .build());

    assertThat(sync()).isFalse();

    assertThat(backend.run(run.runId()).getData().getTagsList())
        .contains(Tag.newBuilder().setKey("stage").setValue("by hand").build());
  }

  @Test
  void sync_runEndedBySomebodyMeanwhile_leavesItsEnd() throws Exception {
    backend.start();
    ActiveRun run = backend.client().startRun(CreateRunRequest.getDefaultInstance(), options());
    run.logMetric("loss", 0, 0);
    assertThat(run.flush(PATIENCE)).isTrue();
    backend
        .client()
        .tracking()
        .updateRun(
            UpdateRunRequest.newBuilder()
                .setRun(
                    RunInfo.newBuilder()
                        .setRunId(run.runId())
                        .setStatus(RunStatus.RUN_STATUS_FAILED)
                        .setEndTime(Timestamp.newBuilder().setSeconds(4_000_000_000L)))
                .setUpdateMask(FieldMask.newBuilder().addPaths("status").addPaths("end_time"))
                .build());
    backend.stop();
    run.logMetric("loss", 1, 1);
    run.finish();
    TrackingBackend.awaitReleased(run);
    backend.start();

    assertThat(sync()).isTrue();

    assertThat(backend.history(run.runId(), "loss")).containsExactly(0.0, 1.0);
    assertThat(backend.run(run.runId()).getInfo().getStatus())
        .isEqualTo(RunStatus.RUN_STATUS_FAILED);
    assertThat(sessions()).isEmpty();
  }

  @Test
  void sync_filesOfOneRunCannotBeRead_sendsTheOthers() throws Exception {
    Path bad = spill.resolve("0".repeat(32) + ".java-bad");
    // A folder in the place of a file.
    Files.createDirectories(bad.resolve("00000001.spill"));
    Files.createFile(bad.resolve("lock"));
    String good = leaveRun(options(), 10);
    backend.start();

    assertThat(sync()).isFalse();

    assertThat(synced).extracting(SyncedRun::outcome).contains(Outcome.KEPT, Outcome.SENT);
    assertThat(sessions()).containsExactly(bad);
    assertWhole(good, 10);
  }
}

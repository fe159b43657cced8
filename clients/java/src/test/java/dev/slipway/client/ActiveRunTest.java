package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.tracking.TrackingServer;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.DeleteRunRequest;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunStatus;
import dev.slipway.tracking.v1.Tag;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ActiveRunTest {
  @TempDir private Path folder;
  private Path spill;
  private TrackingBackend backend;

  @BeforeEach
  void start() throws IOException {
    spill = folder.resolve("spill");
    backend = TrackingBackend.started(folder.resolve("data"));
  }

  @AfterEach
  void stop() {
    backend.close();
  }

  /** Patience in milliseconds, so that tests need none. */
  private RunOptions options() {
    MetricStreamOptions sending = MetricStreamOptions.defaults();
    return RunOptions.defaults()
        .withMetrics(
            new MetricStreamOptions(
                sending.writerId(),
                100,
                Duration.ofMillis(5),
                1 << 20,
                Duration.ofMillis(5),
                Duration.ofMillis(50),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30)))
        .withSpill(spill, 1 << 30)
        .withSpillAfter(Duration.ofMillis(50));
  }

  private ActiveRun startRun(RunOptions options) {
    return backend.client().startRun(CreateRunRequest.getDefaultInstance(), options);
  }

  private void assertNoSpill() throws IOException {
    assertThat(Files.exists(spill) ? SpillFolder.sessions(spill) : List.of()).isEmpty();
  }

  @Test
  void run_startedLoggedAndFinished_isAllThere() throws Exception {
    String runId;
    try (ActiveRun run =
        backend
            .client()
            .startRun(CreateRunRequest.newBuilder().setRunName("first").build(), options())) {
      runId = run.runId();
      run.logParam("learning-rate", "0.1");
      run.logParams(Map.of("depth", "3", "rounds", "100"));
      run.setTag("stage", "a");
      run.setTag("stage", "b");
      run.logMetrics(Map.of("loss", 0.0, "accuracy", 0.9), 0);
      run.logMetric("loss", 1, 1);
      assertThat(run.flush(Duration.ofSeconds(30))).isTrue();
      assertThat(run.finish().isDelivered()).isTrue();
    }

    Run stored = backend.run(runId);
    assertThat(stored.getInfo().getRunName()).isEqualTo("first");
    assertThat(stored.getInfo().getStatus()).isEqualTo(RunStatus.RUN_STATUS_FINISHED);
    assertThat(stored.getInfo().hasEndTime()).isTrue();
    assertThat(stored.getData().getParamsList())
        .extracting(Param::getKey)
        .containsExactly("depth", "learning-rate", "rounds");
    assertThat(stored.getData().getTagsList())
        .contains(Tag.newBuilder().setKey("stage").setValue("b").build());
    assertThat(backend.history(runId, "loss")).containsExactly(0.0, 1.0);
    assertNoSpill();
  }

  @Test
  void close_withoutAnEnd_hasFailedAndAfterOneChangesNothing() {
    ActiveRun left = startRun(options());
    left.close();
    ActiveRun killed = startRun(options());
    killed.kill();
    killed.close();
    ActiveRun resumed = backend.client().resumeRun(killed.runId(), options());
    resumed.logMetric("loss", 1, 1);
    assertThat(resumed.detach().isDelivered()).isTrue();

    assertThat(backend.run(left.runId()).getInfo().getStatus())
        .isEqualTo(RunStatus.RUN_STATUS_FAILED);
    assertThat(backend.run(killed.runId()).getInfo().getStatus())
        .isEqualTo(RunStatus.RUN_STATUS_KILLED);
    assertThat(backend.history(killed.runId(), "loss")).containsExactly(1.0);
  }

  @Test
  void run_serverAwayFromTheStart_isDeliveredWhenItComes() throws Exception {
    backend.stop();
    ActiveRun run = startRun(options());
    run.logParam("depth", "3");
    for (int i = 0; i < 50_000; i++) {
      run.logMetric("loss", i, i);
    }
    TrackingBackend.await(() -> run.summary().keptPoints() == 50_000);
    assertThat(run.summary().acknowledgedPoints()).isZero();

    backend.start();
    assertThat(run.finish().isDelivered()).isTrue();

    assertThat(backend.history(run.runId(), "loss")).isEqualTo(TrackingBackend.numbers(50_000));
    assertThat(backend.run(run.runId()).getData().getParamsCount()).isEqualTo(1);
    assertNoSpill();
  }

  @Test
  void run_serverRestartedAndConnectionsCutAtRandom_storesEachPointOnce() throws Exception {
    Random random = new Random(7);
    int points = 200_000;
    try (ActiveRun run = startRun(options())) {
      for (int i = 0; i < points; i++) {
        run.logMetric("loss", i, i);
        if (i % 20_000 == 10_000) {
          backend.proxy().cutEvery(1 + random.nextInt(60_000), 4);
        }
        if (i == 70_000 || i == 150_000) {
          backend.stop();
        }
        if (i == 90_000 || i == 170_000) {
          TrackingBackend.await(() -> run.summary().keptPoints() > 0);
          backend.start();
        }
      }
      RunSummary summary = run.finish();
      assertThat(summary.isDelivered()).as("%s", summary).isTrue();
      assertThat(summary.acknowledgedPoints()).isEqualTo(points);
      assertThat(backend.history(run.runId(), "loss")).isEqualTo(TrackingBackend.numbers(points));
    }
    assertThat(backend.proxy().cuts()).isGreaterThan(4);
    assertNoSpill();
  }

  @Test
  void logMetric_serverTakesAllAndAnswersNothing_waitsOnceAtTheBoundThenDrops() throws Exception {
    List<DroppedPoints> heard = new CopyOnWriteArrayList<>();
    Duration bound = Duration.ofMillis(200);
    RunOptions options =
        options()
            .withMetrics(options().metrics().withMaxLogWait(bound).withCloseTimeout(bound))
            .withSpill(spill, 1 << 20)
            .withListener(
                new RunListener() {
                  @Override
                  public void dropped(DroppedPoints inAll) {
                    heard.add(inAll);
                  }
                });
    ActiveRun run = startRun(options);
    run.logMetric("loss", 0, 0);
    assertThat(run.flush(Duration.ofSeconds(30))).isTrue();
    backend.proxy().silence(true);

    long longest = 0;
    int waits = 0;
    int points = 200_000;
    for (int i = 1; i < points; i++) {
      long begun = System.nanoTime();
      run.logMetric("loss", i, i);
      long taken = System.nanoTime() - begun;
      longest = Math.max(longest, taken);
      waits += taken >= bound.toNanos() ? 1 : 0;
    }

    assertThat(run.summary().dropped().noRoom()).isPositive();
    // A slow disk makes for a wait at each file, but not at each of 100,000 points.
    assertThat(waits).as("longest %d ns", longest).isBetween(1, 20);
    TrackingBackend.await(() -> !heard.isEmpty());
    run.finish();
    RunSummary summary = TrackingBackend.awaitReleased(run);
    assertThat(summary.loggedPoints() + summary.dropped().noRoom()).isEqualTo(points);
    assertThat(summary.isDelivered()).isFalse();
    assertThat(summary.spill()).isPresent();

    backend.proxy().silence(false);
    assertThat(sync()).isTrue();
    // What is counted as lost was sent perhaps, and stored, and the answer never came.
    List<Double> stored = backend.history(run.runId(), "loss");
    int logged = (int) summary.loggedPoints();
    assertThat(stored).hasSizeBetween(logged - (int) summary.dropped().lost(), logged);
    assertThat(stored.subList(0, 10_000)).isEqualTo(TrackingBackend.numbers(10_000));
    assertThat(backend.run(run.runId()).getInfo().getStatus())
        .isEqualTo(RunStatus.RUN_STATUS_FINISHED);
  }

  @Test
  void finish_spillIsFull_findsItsPlaceAllTheSame() throws Exception {
    backend.stop();
    // The files are of 2 KiB each, so that every tag fills one.
    ActiveRun run =
        startRun(
            options()
                .withMetrics(options().metrics().withCloseTimeout(Duration.ZERO))
                .withSpill(spill, 16 << 10));
    for (int i = 0; i < 10; i++) {
      run.setTag("tag" + i, "x".repeat(3_000));
    }
    run.finish();
    RunSummary summary = TrackingBackend.awaitReleased(run);
    backend.start();

    assertThat(summary.droppedCalls()).isBetween(1L, 9L);
    assertThat(sync()).isTrue();
    Run stored = backend.run(run.runId());
    assertThat(stored.getInfo().getStatus()).isEqualTo(RunStatus.RUN_STATUS_FINISHED);
    assertThat(stored.getData().getTagsList())
        .filteredOn(tag -> tag.getKey().startsWith("tag"))
        .hasSize(10 - (int) summary.droppedCalls());
  }

  @Test
  void finish_senderIsHeldUp_returnsInTimeAndTheRestIsKeptLater() throws Exception {
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    RunOptions options =
        options()
            .withMetrics(options().metrics().withCloseTimeout(Duration.ZERO))
            .withListener(
                new RunListener() {
                  @Override
                  public void dropped(DroppedPoints inAll) {
                    held.countDown();
                    try {
                      go.await();
                    } catch (InterruptedException e) {
                      throw new IllegalStateException(e);
                    }
                  }
                });
    backend.stop();
    ActiveRun run = startRun(options);
    run.logMetric("", 0, 0);
    held.await();
    run.logMetric("loss", 1, 1);

    assertThat(run.finish().keptPoints()).isZero();
    go.countDown();

    assertThat(TrackingBackend.awaitReleased(run).keptPoints()).isEqualTo(1);
    backend.start();
    assertThat(sync()).isTrue();
    assertThat(backend.run(run.runId()).getInfo().getStatus())
        .isEqualTo(RunStatus.RUN_STATUS_FINISHED);
  }

  private boolean sync() throws IOException, InterruptedException {
    return new SpillSync(backend.client().trackingChannel(), Duration.ofSeconds(30))
        .sync(spill, run -> {});
  }

  @Test
  void run_serverKilledAgainAndAgain_storesEachPointOnce() throws Exception {
    backend.stop();
    Path data = folder.resolve("killed");
    ServiceProcess server = ServiceProcess.start(TrackingServer.class, data);
    try {
      backend.proxy().forwardTo(server.port());
      ActiveRun run = startRun(options());
      int points = 0;
      for (int round = 0; round < 2; round++) {
        long before = run.summary().acknowledgedPoints();
        for (int i = 0; i < 50_000; i++) {
          run.logMetric("loss", points, points);
          points++;
        }
        TrackingBackend.await(() -> run.summary().acknowledgedPoints() > before);
        server.kill();
        server = ServiceProcess.start(TrackingServer.class, data);
        backend.proxy().forwardTo(server.port());
      }
      RunSummary summary = run.finish();

      assertThat(summary.isDelivered()).as("%s", summary).isTrue();
      assertThat(backend.history(run.runId(), "loss")).isEqualTo(TrackingBackend.numbers(points));
      assertNoSpill();
    } finally {
      server.close();
    }
  }

  @Test
  void run_fencedByAnotherWriterOfItsName_keepsTheRestForASync() throws Exception {
    backend.stop();
    ActiveRun run = startRun(options());
    run.logMetric("loss", 0, 0);
    TrackingBackend.await(() -> run.summary().spill().isPresent());
    String writerId =
        SpillFolder.owner(run.summary().spill().orElseThrow()).orElseThrow().writerId();
    backend.start();
    assertThat(run.flush(Duration.ofSeconds(30))).isTrue();
    MetricStreamOptions thief = MetricStreamOptions.defaults().withWriterId(writerId);
    try (MetricStream stolen = backend.client().metricStream(run.runId(), thief)) {
      stolen.log("stolen", 1, 1);
      stolen.flush();
    }

    TrackingBackend.await(
        () -> {
          run.logMetric("loss", 1, 1);
          return run.summary().refusals().size() == 1;
        });
    RunSummary summary = run.finish();

    assertThat(summary.refusals().get(0).code()).isIn(Code.ABORTED, Code.OUT_OF_RANGE);
    assertThat(summary.dropped().total()).isZero();
    assertThat(summary.keptPoints()).isPositive();
  }

  @Test
  void run_folderCannotBeMade_goesOnInMemoryAndIsDelivered() throws Exception {
    Files.writeString(spill, "no folder");
    backend.stop();
    ActiveRun run = startRun(options());
    for (int i = 0; i < 1_000; i++) {
      run.logMetric("loss", i, i);
    }
    assertThat(run.flush(Duration.ofMillis(200))).isFalse();
    backend.start();

    assertThat(run.finish().isDelivered()).isTrue();
    assertThat(backend.history(run.runId(), "loss")).isEqualTo(TrackingBackend.numbers(1_000));
  }

  @Test
  void log_nothingOfUse_neverThrows() {
    ActiveRun run = startRun(options());
    run.logMetric(null, 1, 1);
    run.logMetric("loss", 1, 1, -1);
    run.logMetrics(Collections.singletonMap("loss", null), 1);
    run.logParam(null, "3");
    run.logParam("depth", null);
    run.setTag("stage", "x".repeat(8_001));
    run.logMetrics(null, 1);
    run.logParams(null);
    run.setTags(null);
    RunSummary summary = run.finish();
    run.logMetric("loss", 1, 1);
    run.logParam("depth", "3");

    assertThat(summary.dropped().invalid()).isEqualTo(4);
    assertThat(summary.droppedCalls()).isEqualTo(5);
    assertThat(run.summary().dropped().afterEnd()).isEqualTo(1);
    assertThat(run.summary().droppedCalls()).isEqualTo(6);
  }

  @Test
  void run_deletedMeanwhile_keepsItAllAndSaysWhy() throws Exception {
    List<TrackingException> heard = new CopyOnWriteArrayList<>();
    RunOptions options =
        options()
            .withListener(
                new RunListener() {
                  @Override
                  public void refused(TrackingException reason) {
                    heard.add(reason);
                    throw new IllegalStateException("a listener's own trouble");
                  }
                });
    ActiveRun run = startRun(options);
    run.logMetric("loss", 0, 0);
    assertThat(run.flush(Duration.ofSeconds(30))).isTrue();
    backend
        .client()
        .tracking()
        .deleteRun(DeleteRunRequest.newBuilder().setRunId(run.runId()).build());

    for (int i = 1; i < 1_000; i++) {
      run.logMetric("loss", i, i);
    }
    assertThat(run.flush(Duration.ofSeconds(30))).isFalse();
    RunSummary summary = run.finish();

    assertThat(summary.keptPoints()).isEqualTo(999);
    assertThat(summary.dropped().total()).isZero();
    assertThat(summary.refusals())
        .singleElement()
        .satisfies(reason -> assertThat(reason.code()).isEqualTo(Code.FAILED_PRECONDITION));
    assertThat(heard).isEqualTo(summary.refusals());
    assertThat(summary.spill()).isPresent();
  }

  @Test
  void param_withAnotherValue_isRefusedAloneAndTheRunGoesOn() {
    ActiveRun run = startRun(options());
    run.logParam("depth", "3");
    run.logParam("depth", "4");
    run.logParam("rounds", "10");
    run.logParam("bad//key", "1");
    RunSummary summary = run.finish();

    assertThat(summary.refusals())
        .singleElement()
        .satisfies(reason -> assertThat(reason).hasMessageContaining("depth"));
    assertThat(summary.droppedCalls()).isEqualTo(1);
    Run stored = backend.run(run.runId());
    assertThat(stored.getInfo().getStatus()).isEqualTo(RunStatus.RUN_STATUS_FINISHED);
    assertThat(stored.getData().getParamsList())
        .extracting(Param::getValue)
        .containsExactly("3", "10");
  }

  @Test
  void strict_whatCannotBeTaken_throws() {
    ActiveRun run = startRun(options().withStrict());
    assertThatThrownBy(() -> run.logMetric("bad//key", 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> run.logParam("bad//key", "1"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(run::finish).isInstanceOf(TrackingException.class);
    assertThatThrownBy(() -> run.logMetric("loss", 1, 1)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void startRun_requestIdWithoutRunId_isRefused() {
    CreateRunRequest request = CreateRunRequest.newBuilder().setRequestId("job-1").build();
    assertThatThrownBy(() -> backend.client().startRun(request, options()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}

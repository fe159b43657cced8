package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.SyncedRun.Outcome;
import dev.slipway.tracking.v1.RunStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ends jobs in the middle of their work, and looks at what is there after a sync. */
class KilledJobTest {
  @TempDir private Path folder;
  private Path spill;
  private TrackingBackend backend;

  @BeforeEach
  void start() throws IOException {
    spill = Files.createDirectory(folder.resolve("spill"));
    backend = TrackingBackend.away(folder.resolve("data"));
  }

  @AfterEach
  void stop() {
    backend.close();
  }

  private List<SyncedRun> sync() throws IOException, InterruptedException {
    List<SyncedRun> synced = new ArrayList<>();
    boolean clean =
        new SpillSync(backend.client().trackingChannel(), Duration.ofSeconds(30))
            .sync(spill, synced::add);
    assertThat(clean).as("%s", synced).isTrue();
    return synced;
  }

  private void assertGapless(TrainingJob job, long safe) {
    List<Double> stored = backend.history(job.runId(), "loss");
    assertThat(stored).hasSizeGreaterThanOrEqualTo((int) safe);
    assertThat(stored).isEqualTo(TrackingBackend.numbers(stored.size()));
  }

  @Test
  void kill_whileSpilling_losesNothingThatWasSafe() throws Exception {
    try (TrainingJob job = TrainingJob.start(backend.address(), spill)) {
      job.awaitSafe(100_000);
      long safe = job.kill();
      backend.start();

      assertThat(sync()).singleElement().matches(run -> run.outcome() == Outcome.SENT);

      assertGapless(job, Math.max(safe, 100_000));
      assertThat(backend.run(job.runId()).getData().getParamsCount()).isEqualTo(1);
    }
  }

  @Test
  void kill_whileTheServerComesAndGoes_losesNothingThatWasSafe() throws Exception {
    backend.start();
    try (TrainingJob job = TrainingJob.start(backend.address(), spill)) {
      job.awaitSafe(20_000);
      backend.stop();
      job.awaitSafe(60_000);
      backend.start();
      backend.proxy().cutEvery(20_000, 5);
      job.awaitSafe(120_000);
      long safe = job.kill();

      sync();

      assertGapless(job, Math.max(safe, 120_000));
    }
  }

  @Test
  void terminate_serverAway_keepsEveryPointAndTheEnd() throws Exception {
    try (TrainingJob job = TrainingJob.start(backend.address(), spill)) {
      job.awaitSafe(10_000);
      job.stop();
      backend.start();

      assertThat(sync()).hasSize(1);

      assertGapless(job, 10_000);
      assertThat(backend.run(job.runId()).getInfo().getStatus())
          .isEqualTo(RunStatus.RUN_STATUS_KILLED);
    }
  }
}

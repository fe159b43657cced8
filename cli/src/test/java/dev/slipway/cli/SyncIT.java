package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.ActiveRun;
import dev.slipway.client.MetricStreamOptions;
import dev.slipway.client.RunOptions;
import dev.slipway.client.SlipwayClient;
import dev.slipway.runtime.config.Commands;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.DeleteRunRequest;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SyncIT {
  private static final int POINTS = 1_234;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int slipway(String... args) {
    CommandLine line = Commands.of(Slipway.command(), Map.of());
    return line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(args);
  }

  /** Runs a job whose server is away. */
  private String leaveRun() {
    RunOptions options =
        RunOptions.defaults()
            .withSpill(folder.resolve("jobs/spill"), 1 << 20)
            .withMetrics(MetricStreamOptions.defaults().withCloseTimeout(Duration.ZERO));
    try (SlipwayClient nobody = SlipwayClient.connect("127.0.0.1:1");
        ActiveRun run = nobody.startRun(CreateRunRequest.getDefaultInstance(), options)) {
      run.setTag("stage", "offline");
      for (int i = 0; i < POINTS; i++) {
        run.logMetric("loss", i, i);
      }
      assertThat(run.finish().keptPoints()).isEqualTo(POINTS);
      return run.runId();
    }
  }

  @Test
  void sync_whatJobsLeft_isSentOrKeptWithTheReason() throws Exception {
    String runId = leaveRun();
    try (SlipwayProcess server =
            SlipwayProcess.startServer("server", "--data-dir=" + folder.resolve("data"));
        SlipwayClient client = SlipwayClient.connect(server.address())) {
      assertThat(slipway("sync", "--server", server.address(), folder.toString()))
          .as(err.toString())
          .isZero();
      assertThat(out.toString())
          .isEqualToIgnoringNewLines("run " + runId + ": sent 1,234 points and 3 calls\n");
      assertThat(
              client
                  .tracking()
                  .getMetricHistory(
                      GetMetricHistoryRequest.newBuilder()
                          .setRunId(runId)
                          .setMetricKey("loss")
                          .build())
                  .getPoints()
                  .getValueList())
          .hasSize(POINTS);

      String deleted = leaveRun();
      client
          .tracking()
          .createRun(CreateRunRequest.newBuilder().setRunId(deleted).setRequestId(deleted).build());
      client.tracking().deleteRun(DeleteRunRequest.newBuilder().setRunId(deleted).build());

      assertThat(slipway("sync", "--server", server.address(), folder.toString())).isEqualTo(1);
      assertThat(out.toString()).contains("run " + deleted + ": sent 0 points").contains("kept");
      assertThat(err.toString()).contains("run " + deleted + ": ").contains("is deleted");
    }
  }

  @Test
  void sync_withoutAServer_keepsAllAndExitsWithOne() {
    String runId = leaveRun();

    assertThat(slipway("sync", "--server=127.0.0.1:1", "--timeout=1", folder.toString()))
        .isEqualTo(1);

    assertThat(err.toString()).contains("run " + runId + ": the service does not answer");
  }

  @Test
  void sync_withoutAFolder_isAWrongCommandLine() {
    assertThat(slipway("sync", folder.resolve("nothing").toString())).isEqualTo(2);

    assertThat(err.toString()).contains("is no folder");
  }
}

package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.MetricStream;
import dev.slipway.client.SlipwayClient;
import dev.slipway.runtime.config.Commands;
import dev.slipway.tracking.v1.CreateRunRequest;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class RetentionCommandsIT {
  @TempDir private static Path data;
  private static SlipwayProcess server;
  private static SlipwayClient client;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void start() throws IOException {
    server = SlipwayProcess.startServer("server", "--data-dir=" + data);
    client = SlipwayClient.connect(server.address());
  }

  @AfterAll
  static void stop() {
    client.close();
    server.close();
  }

  private int slipway(String... args) {
    CommandLine line = Commands.of(Slipway.command(), Map.of("SLIPWAY_SERVER", server.address()));
    return line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(args);
  }

  private static String newRun() throws Exception {
    String run =
        client.tracking().createRun(CreateRunRequest.getDefaultInstance()).getInfo().getRunId();
    try (MetricStream metrics = client.metricStream(run)) {
      metrics.log("loss", 0.5, 1, 1000);
      metrics.log("accuracy", Double.NaN, 2, 2000);
    }
    return run;
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  @Test
  void export_writesAFile() throws Exception {
    String run = newRun();
    Path file = Files.writeString(folder.resolve("metrics.csv"), "what was there before");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);

    assertThat(slipway("metrics", "export", "--run", run, "-o", link.toString()))
        .as(err.toString())
        .isZero();

    assertThat(Files.readString(file))
        .isEqualTo(
            """
            run_id,metric_key,step,timestamp_ms,value\r
            %1$s,accuracy,2,2000,NaN\r
            %1$s,loss,1,1000,0.5\r
            """
                .formatted(run));
    assertThat(files()).containsExactlyInAnyOrder("metrics.csv", "link");
    assertThat(out.toString()).isEqualTo(link + ": " + Files.size(file) + " bytes\n");
  }

  @Test
  void export_ofSomeMetricsInArrow_toStandardOutput() throws Exception {
    String run = newRun();
    try (SlipwayProcess export =
        SlipwayProcess.start(
            "metrics",
            "export",
            "--server",
            server.address(),
            "--run",
            run,
            "--metric",
            "loss",
            "--format",
            "arrow",
            "-o",
            "-")) {
      String output = String.join("\n", export.lines());

      assertThat(export.waitFor()).as(export.errors()).isZero();
      assertThat(output)
          .as("an Arrow stream begins with the marker of a message")
          .startsWith(new String(new byte[] {-1, -1, -1, -1}, StandardCharsets.UTF_8))
          .contains("metric_key", run, "loss")
          .doesNotContain("accuracy");
    }
  }

  @Test
  void export_thatFails_leavesNothing() throws Exception {
    String file = folder.resolve("metrics.csv").toString();

    assertThat(slipway("metrics", "export", "--run", "0".repeat(32), "-o", file)).isEqualTo(1);
    assertThat(slipway("metrics", "export", "--run", "x", "-o", file)).isEqualTo(1);
    assertThat(slipway("metrics", "export", "--run", newRun(), "-o", file + "/below")).isEqualTo(1);
    assertThat(slipway("metrics", "export", "--server=127.0.0.1:1", "--run=x", "-o", file))
        .isEqualTo(1);

    assertThat(err.toString())
        .contains("slipway: NOT_FOUND: there is no run with id 000", "  reason: RUN_NOT_FOUND")
        .contains("slipway: INVALID_ARGUMENT: ", "  run_ids[0]: must be 32 lower-case hexadecimal")
        .contains("slipway: cannot write " + file + "/below: ")
        .contains("slipway: UNAVAILABLE: no server answers", "--server")
        .doesNotContain("\tat ");
    assertThat(files()).isEmpty();
  }

  @Test
  void export_withAWrongCommandLine_isToldAllOfIt() {
    assertThat(slipway("metrics", "export", "--format=xml", "--server=a b")).isEqualTo(2);
    assertThat(slipway("metrics")).isEqualTo(2);

    assertThat(err.toString())
        .contains("--run", "--output", "--format", "Usage: slipway metrics")
        .doesNotContain("\tat ");
  }
}

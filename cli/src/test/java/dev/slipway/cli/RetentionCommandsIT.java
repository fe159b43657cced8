package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.artifact.v1.DeleteRequest;
import dev.slipway.client.MetricStream;
import dev.slipway.client.SlipwayClient;
import dev.slipway.runtime.config.Commands;
import dev.slipway.tracking.v1.CreateExperimentRequest;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.DeleteExperimentRequest;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
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

  private static String newExperiment(String name, String location) {
    return client
        .tracking()
        .createExperiment(
            CreateExperimentRequest.newBuilder()
                .setName(name)
                .setArtifactLocation(location)
                .build())
        .getExperimentId();
  }

  private static String newRun() throws Exception {
    return newRun("0");
  }

  private static String newRun(String experiment) throws Exception {
    String run =
        client
            .tracking()
            .createRun(CreateRunRequest.newBuilder().setExperimentId(experiment).build())
            .getInfo()
            .getRunId();
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

  @Test
  void gc_tellsFirst_andRemovesWhenAsked() throws Exception {
    String experiment = newExperiment("old", "");
    String elsewhere = newExperiment("elsewhere", "s3://bucket/elsewhere");
    String kept = newExperiment("kept", "");
    Path file = Files.writeString(folder.resolve("model"), "weights");
    String run = newRun(experiment);
    String artifact = experiment + "/" + run + "/artifacts/model";
    String keptArtifact = kept + "/" + newRun(kept) + "/artifacts/model";
    client.transfers().uploadFile(file, artifact);
    client.transfers().uploadFile(file, keptArtifact);
    for (String id : List.of(experiment, elsewhere)) {
      client
          .tracking()
          .deleteExperiment(DeleteExperimentRequest.newBuilder().setExperimentId(id).build());
    }

    assertThat(slipway("gc")).as(err.toString()).isZero();
    assertThat(out.toString()).startsWith("Nothing was deleted that long ago.");
    assertThat(slipway("gc", "--older-than=0s", "--experiment", experiment)).isZero();
    assertThat(out.toString())
        .contains("Would remove 1 experiment, 1 run and 0 logged models", "--delete");
    assertThat(client.transfers().readBytes(artifact, 100)).hasSize(7);
    assertThat(slipway("gc", "--older-than=0s", "--experiment", experiment, "--delete"))
        .as(err.toString())
        .isZero();

    assertThat(out.toString())
        .contains("Removed 1 experiment, 1 run and 0 logged models")
        .contains("Deleted 1 artifact of 7 bytes.");
    assertThatThrownBy(() -> client.transfers().readBytes(artifact, 100))
        .hasMessageContaining("NOT_FOUND");
    assertThat(client.transfers().readBytes(keptArtifact, 100)).hasSize(7);
    assertThat(slipway("gc", "--older-than=0s", "--delete")).isEqualTo(1);
    assertThat(err.toString())
        .isEqualTo(
            "slipway: artifacts are left at s3://bucket/elsewhere: not a folder of the artifact"
                + " service\n");
    assertThat(slipway("gc", "--older-than=0s", "--delete")).isZero();
  }

  @Test
  void gc_withoutAnArtifactService_removesNothing() throws Exception {
    String experiment = newExperiment("stays", "");
    client
        .tracking()
        .deleteExperiment(DeleteExperimentRequest.newBuilder().setExperimentId(experiment).build());
    String[] gc = {
      "gc",
      "--older-than=0s",
      "--experiment",
      experiment,
      "--delete",
      "--artifact-address=127.0.0.1:1"
    };

    assertThat(slipway(gc)).isEqualTo(1);

    assertThat(err.toString()).startsWith("slipway: UNAVAILABLE: no server answers");
    assertThat(slipway(gc[0], gc[1], gc[2], gc[3])).isZero();
    assertThat(out.toString()).contains("Would remove 1 experiment");
  }

  @Test
  void gc_removesContentThatNothingRefersTo_inTwoSteps() throws Exception {
    Path file = Files.writeString(folder.resolve("waste"), "some waste");
    client.transfers().uploadFile(file, "waste");
    var unused = client.artifacts().delete(DeleteRequest.newBuilder().setPath("waste").build());
    long before = fsckWaste();
    assertThat(before).isPositive();

    assertThat(slipway("gc", "--grace=0s")).as(err.toString()).isZero();
    assertThat(out.toString()).contains("Would condemn ", "Would remove ", "--delete");
    assertThat(fsckWaste()).isEqualTo(before);
    out.getBuffer().setLength(0);
    assertThat(slipway("gc", "--grace=0s", "--json")).as(err.toString()).isZero();
    assertThat(out.toString().lines())
        .hasSize(2)
        .allMatch(line -> line.startsWith("{") && line.endsWith("}"))
        .last()
        .asString()
        .contains("\"condemned_count\":", "\"done\":true");
    assertThat(slipway("gc", "--grace=0s", "--delete")).as(err.toString()).isZero();
    assertThat(out.toString()).contains("Condemned ");
    assertThat(fsckWaste()).as("what this call condemned is still there").isPositive();
    assertThat(slipway("gc", "--grace=0s", "--delete")).as(err.toString()).isZero();

    assertThat(out.toString()).containsPattern("Removed [1-9]\\d* contents? of ");
    assertThat(fsckWaste()).isZero();
  }

  /** Returns how many contents a check finds that nothing refers to. */
  private long fsckWaste() {
    StringWriter lines = new StringWriter();
    CommandLine line = Commands.of(Slipway.command(), Map.of("SLIPWAY_SERVER", server.address()));
    assertThat(
            line.setOut(new PrintWriter(lines, true))
                .setErr(new PrintWriter(err, true))
                .execute("artifacts", "fsck", "--json"))
        .as(err.toString())
        .isZero();
    return lines
        .toString()
        .lines()
        .filter(finding -> finding.contains("FINDING_KIND_CONTENT_UNREFERENCED"))
        .count();
  }

  @Test
  void fsck_tellsDamage() throws Exception {
    byte[] content = "precious".getBytes(StandardCharsets.UTF_8);
    Path file = Files.write(folder.resolve("f"), content);
    client.transfers().uploadFile(file, "fsck/model");
    assertThat(slipway("artifacts", "fsck", "fsck", "--verify")).as(err.toString()).isZero();
    assertThat(out.toString()).isEqualTo("Looked at 1 content and 8 bytes: 0 damaged, 0 waste.\n");
    Path blob = blob(content);
    Files.writeString(blob, "changed!");

    assertThat(slipway("artifacts", "fsck", "fsck", "--verify")).isEqualTo(1);
    assertThat(out.toString())
        .contains("digest differs " + blob.getFileName() + ": 8 bytes noted, 8 stored\n")
        .contains("  at fsck/model\n", ": 1 damaged, 0 waste.\n");
    Files.delete(blob);
    assertThat(slipway("artifacts", "fsck", "--json", "fsck")).isEqualTo(1);
    assertThat(out.toString()).contains("{\"kind\":\"FINDING_KIND_CONTENT_MISSING\"");
    client.transfers().uploadFile(file, "fsck/model");
    assertThat(slipway("artifacts", "fsck", "fsck")).as(err.toString()).isZero();
    assertThat(slipway("artifacts", "fsck", "a/../b")).isEqualTo(1);
    assertThat(err.toString()).contains("slipway: INVALID_ARGUMENT", "  path: ");
  }

  private static Path blob(byte[] content) throws Exception {
    String name = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    try (Stream<Path> files = Files.walk(data)) {
      return files.filter(file -> file.endsWith(name)).findFirst().orElseThrow();
    }
  }

  @Test
  void gc_withAWrongAge_isAWrongCommandLine() {
    assertThat(slipway("gc", "--older-than=soon")).isEqualTo(2);

    assertThat(err.toString())
        .startsWith("slipway: --older-than (SLIPWAY_OLDER_THAN): 'soon' is no age");
  }
}

package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.runtime.config.Commands;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class CommandsIT {
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int slipway(String... args) {
    CommandLine line = Commands.of(Slipway.command(), Map.of());
    return line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(args);
  }

  @Test
  void quickstart_thenServerAndCalls_showWhatItMade() throws Exception {
    assertThat(slipway("quickstart", "--data-dir", folder.toString())).as(err.toString()).isZero();
    assertThat(out.toString())
        .contains("predict digits@Production: version 1 answered 300 held-out images")
        .contains("predict digits@Production: version 2 answered 300 held-out images")
        .contains("./slipway server --data-dir " + folder);

    try (SlipwayProcess server = SlipwayProcess.startServer("server", "--data-dir=" + folder)) {
      assertThat(
              slipway(
                  "call",
                  "--server",
                  server.address(),
                  "RegistryService/GetModelVersion",
                  "{\"name\": \"digits\", \"version\": 2}"))
          .isZero();
      assertThat(out.toString()).contains("\"stage\": \"STAGE_PRODUCTION\"").contains("\"pixels\"");

      Path request =
          Files.writeString(
              folder.resolve("request.json"),
              "{\"experiment_ids\": [\"1\"], \"filter\": \"metrics.`validation-accuracy` > 0.9\"}");
      assertThat(
              slipway(
                  "call",
                  "--server",
                  server.address(),
                  "slipway.tracking.v1.TrackingService/SearchRuns",
                  "@" + request))
          .as(err.toString())
          .isZero();
      assertThat(out.toString()).contains("\"held-out-accuracy\"");
      trafficRule_isSetShownListedAndEnded(server.address());
    }
  }

  private void trafficRule_isSetShownListedAndEnded(String server) {
    assertThat(
            traffic(
                server,
                "set",
                "digits",
                "--stage=staging",
                "--canary=1",
                "--weight=0.25",
                "--shadow=1",
                "--sample-rate=0.5",
                "--relative-tolerance=1e-5",
                "--abort-errors=0.1",
                "--abort-window=10m",
                "--expires-in=30d"))
        .as(err.toString())
        .isZero();
    assertThat(out.toString())
        .contains("digits Staging, revision ")
        .contains("canary: version 1 answers 0.25 of the requests")
        .contains("shadow: version 1 is asked 0.5 of the requests too")
        .contains("more than 0.1 of its requests fail, of at least 100 in 600 s");
    assertThat(traffic(server, "set", "digits", "--canary=next", "--weight=0.25")).isEqualTo(1);
    assertThat(err.toString()).contains("ALIAS_NOT_FOUND");
    assertThat(traffic(server, "set", "digits", "--canary=1")).isEqualTo(2);
    out.getBuffer().setLength(0);

    // A server follows a rule within moments.
    await(() -> traffic(server, "show", "digits", "--stage=staging") == 0);
    assertThat(out.toString()).contains("followed").contains("champion: 0 requests, 0 failed");
    assertThat(traffic(server, "list", "--json")).isZero();
    assertThat(out.toString()).contains("\"weight\":0.25");
    assertThat(traffic(server, "end", "digits", "--stage=staging", "--revision=1")).isEqualTo(1);
    assertThat(err.toString()).contains("TRAFFIC_RULE_CHANGED");
    assertThat(traffic(server, "end", "digits", "--stage=STAGING")).isZero();
    assertThat(traffic(server, "end", "digits")).isZero();
    assertThat(out.toString()).contains("Ended.").contains("There was no rule.");
  }

  private int traffic(String server, String command, String... args) {
    return slipway(
        Stream.of(Stream.of("traffic", command, "--server", server), Stream.of(args))
            .flatMap(words -> words)
            .toArray(String[]::new));
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited in vain").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void quickstart_withoutAFolder_leavesNothingBehind() throws Exception {
    try (SlipwayProcess quickstart =
        SlipwayProcess.start(List.of("-Djava.io.tmpdir=" + folder), "quickstart")) {
      List<String> lines = quickstart.lines();

      assertThat(quickstart.waitFor()).as(quickstart.errors()).isZero();
      assertThat(lines).contains("  ./slipway quickstart --data-dir slipway-data");
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).noneMatch(entry -> entry.getFileName().toString().startsWith("slipway-"));
    }
  }

  @Test
  void slipway_withoutACommand_showsWhatThereIs() {
    assertThat(slipway()).isEqualTo(2);

    assertThat(err.toString()).contains("Usage: slipway").contains("quickstart").contains("server");
  }

  @Test
  void version_isShown() {
    assertThat(slipway("--version")).isZero();

    assertThat(out.toString()).startsWith("slipway ");
  }

  @Test
  void call_thatIsRefused_showsCodeReasonAndFieldsAndExitsWithOne() throws Exception {
    try (SlipwayProcess server = SlipwayProcess.startServer("server", "--data-dir=" + folder)) {
      assertThat(
              slipway(
                  "call",
                  "--server",
                  server.address(),
                  "TrackingService/GetRun",
                  "{\"run_id\": \"x\"}"))
          .isEqualTo(1);
    }

    assertThat(err.toString())
        .startsWith("slipway: INVALID_ARGUMENT: ")
        .contains("  reason: INVALID_REQUEST")
        .contains("  run_id: ");
  }

  @Test
  void call_ofNobody_saysSoWithoutAStackTrace() {
    assertThat(slipway("call", "--server", "127.0.0.1:1", "TrackingService/GetRun")).isEqualTo(1);

    assertThat(err.toString()).startsWith("slipway: UNAVAILABLE: ").doesNotContain("\tat ");
  }

  @Test
  void call_withAWrongNameOrRequest_isAWrongCommandLine() {
    assertThat(slipway("call", "TrackingService/Nonsense")).isEqualTo(2);
    assertThat(slipway("call", "TrackingService/GetRun", "{\"nonsense\": 1}")).isEqualTo(2);
    assertThat(slipway("call", "TrackingService/StreamMetrics")).isEqualTo(2);

    assertThat(err.toString().lines()).hasSize(3).allMatch(line -> line.startsWith("slipway: "));
  }

  @Test
  void call_withoutArguments_listsEveryService() {
    assertThat(slipway("call")).isZero();

    assertThat(out.toString())
        .contains("slipway.tracking.v1.TrackingService/CreateRun")
        .contains("slipway.registry.v1.RegistryService/TransitionStage")
        .contains("slipway.artifact.v1.AssetService/ResolveAsset")
        .contains("slipway.serving.v1.ServingService/Predict")
        .contains("inference.GRPCInferenceService/ModelInfer");
  }
}

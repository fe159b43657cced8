package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.runtime.config.Commands;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
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
    }
  }

  @Test
  void quickstart_withoutAFolder_leavesNothingBehind() throws Exception {
    Set<Path> before = temporaryFolders();

    assertThat(slipway("quickstart")).as(err.toString()).isZero();

    assertThat(out.toString()).contains("./slipway quickstart --data-dir slipway-data");
    assertThat(temporaryFolders()).isEqualTo(before);
  }

  private static Set<Path> temporaryFolders() throws IOException {
    try (Stream<Path> entries = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      return entries
          .filter(entry -> entry.getFileName().toString().startsWith("slipway-quickstart-"))
          .collect(Collectors.toSet());
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

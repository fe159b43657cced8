package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.SlipwayClient;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.runtime.config.Commands;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.VersionState;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands that call models, on a server with a model of columns and one of a tensor. */
class ModelCommandsIT {
  /** Written by LightGBM and MLflow: doubles a, b (optional) and c, and one label for each row. */
  private static final Path COLUMNS =
      Path.of("../model-engine/src/test/models/mlflow/lightgbm-classifier");

  /** Written by ONNX: one FP32 tensor. */
  private static final Path TENSOR = Path.of("../model-engine/src/test/models/mlflow/onnx");

  @TempDir private static Path data;
  private static SlipwayProcess server;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void start() throws Exception {
    server = SlipwayProcess.startServer("server", "--data-dir=" + data);
    try (SlipwayClient client = SlipwayClient.connect(server.address())) {
      register(client, "columns", COLUMNS);
      register(client, "tensor", TENSOR);
      awaitReady(client, "columns");
      awaitReady(client, "tensor");
    }
  }

  private static void register(SlipwayClient client, String name, Path folder) throws Exception {
    var uploaded = client.transfers().uploadFolder(folder, "models/" + name);
    assertThat(uploaded.files()).isPositive();
    var unused =
        client
            .registry()
            .createRegisteredModel(CreateRegisteredModelRequest.newBuilder().setName(name).build());
    long version =
        client
            .registry()
            .createModelVersion(
                CreateModelVersionRequest.newBuilder()
                    .setName(name)
                    .setSource("mlflow-artifacts:/models/" + name)
                    .build())
            .getVersion();
    var promoted =
        client
            .registry()
            .transitionStage(
                TransitionStageRequest.newBuilder()
                    .setName(name)
                    .setVersion(version)
                    .setStage(Stage.STAGE_PRODUCTION)
                    .build());
    assertThat(promoted).isNotNull();
  }

  /** Serving learns of versions a moment after the registry. */
  private static void awaitReady(SlipwayClient client, String name) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!isReady(client, name)) {
      assertThat(System.nanoTime()).as("waited in vain").isLessThan(end);
      Thread.sleep(20);
    }
  }

  private static boolean isReady(SlipwayClient client, String name) {
    try {
      return client
          .serving()
          .describeModel(DescribeModelRequest.newBuilder().setModel(name).build())
          .getVersion()
          .getState()
          .equals(VersionState.VERSION_STATE_READY);
    } catch (StatusRuntimeException e) {
      return false;
    }
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private int slipway(String... args) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Commands.of(Slipway.command(), Map.of("SLIPWAY_SERVER", server.address()))
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }

  private String done(String... args) {
    assertThat(slipway(args)).as(err.toString()).isZero();
    assertThat(err.toString()).isEmpty();
    return out.toString();
  }

  @ParameterizedTest
  @CsvSource({"columns", "columns/1", "columns@production", "columns@Production", "columns@latest"})
  void predict_everyWayToNameTheVersion_answers(String model) {
    assertThat(done("predict", model, "--json", "[{\"a\": 0.1, \"c\": 1.5}]"))
        .matches("\\{\"predictions\":\\[-?[0-9]+]}\n");
  }

  @Test
  void predict_sameRowsInEveryForm_givesTheSameAnswer() throws IOException {
    Path csv = folder.resolve("rows.csv");
    Files.writeString(csv, "c,a,b\n1.2,0.03,\n-0.5,-0.5,-0.3\n");
    Path json = folder.resolve("rows.json");
    Files.writeString(
        json,
        "{\"dataframe_split\": {\"columns\": [\"a\", \"b\", \"c\"],"
            + " \"data\": [[0.03, null, 1.2], [-0.5, -0.3, -0.5]]}}");
    String fromJson = done("predict", "columns", "--json", json.toString());

    assertThat(done("predict", "columns", "--csv", csv.toString(), "--answer", "json"))
        .isEqualTo(fromJson);

    String[] lines = done("predict", "columns", "--csv", csv.toString()).split("\n", -1);
    assertThat(lines).hasSize(4);
    assertThat(fromJson).isEqualTo("{\"predictions\":[" + lines[1] + "," + lines[2] + "]}\n");
    assertThat(done("predict", "columns", "--csv", csv.toString(), "--answer", "message"))
        .contains("\"provenance\":{\"model\":\"columns\",\"version\":\"1\"");
  }

  @Test
  void predict_arrayToAFile_writesWhatCanBeReadAgain() throws IOException {
    String input = describedInput();
    Path npy = folder.resolve("y.npy");

    assertThat(done("predict", "tensor", "--json", input, "--answer", "npy", "-o", npy.toString()))
        .isEmpty();

    assertThat(Files.readAllBytes(npy)).startsWith((byte) 0x93, (byte) 'N', (byte) 'U');
    assertThat(folder).isDirectoryNotContaining(file -> file.toString().endsWith(".part"));
  }

  /** Returns two rows of zeros for the model of a tensor. */
  private String describedInput() {
    String takes =
        done("describe", "tensor")
            .lines()
            .filter(line -> line.contains("takes"))
            .findFirst()
            .orElseThrow();
    int width = Integer.parseInt(takes.replaceAll(".*, ([0-9]+)].*", "$1"));
    String row = "[" + "0,".repeat(width - 1) + "0]";
    return "[" + row + "," + row + "]";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | columns | [{'a': 'x', 'c': 1}] | instances[0].a must be a number",
        "1 | columns | [{'c': 1}] | lacks the column a",
        "1 | columns/9 | [] | VERSION_NOT_FOUND",
        "1 | columns@staging | [] | STAGE_EMPTY",
        "1 | columns@nobody | [] | ALIAS_NOT_FOUND",
        "1 | column | [] | MODEL_NOT_FOUND",
        "1 | columns | no-such-file.json | no-such-file.json",
        "2 | columns/x | [] | names no model",
        "2 | /1 | [] | names no model"
      })
  void predict_refused_saysWhy(int code, String model, String json, String message) {
    assertThat(slipway("predict", model, "--json", json.replace('\'', '"'))).isEqualTo(code);
    assertThat(err.toString()).contains(message);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void predict_withoutOrWithTwoInputs_isRefused() {
    assertThat(slipway("predict", "columns")).isEqualTo(2);
    assertThat(slipway("predict", "columns", "--json", "[]", "--csv", "x")).isEqualTo(2);
  }

  @Test
  void predict_answerThatTheFormCannotHold_leavesNoFile() {
    Path npy = folder.resolve("y.npy");

    assertThat(
            slipway(
                "predict",
                "columns",
                "--json",
                "[{\"a\": 1, \"c\": 1}]",
                "--outputs",
                "nothing",
                "-o",
                npy.toString()))
        .isEqualTo(1);

    assertThat(npy).doesNotExist();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void describe_modelOfColumns_tellsWhatItTakes() {
    String unused = done("predict", "columns", "--json", "[{\"a\": 1, \"c\": 1}]");

    assertThat(done("describe", "columns"))
        .startsWith("columns version 1, production\n")
        .contains("  state     ready on lightgbm")
        .contains(
            "  takes     a: double\n            b: double (optional)\n            c: double\n")
        .contains("  answered  ");
    assertThat(done("describe", "columns@latest", "--json"))
        .contains("\"model\":\"columns\"")
        .hasLineCount(1);
  }

  @Test
  void bench_eachNumberOfCallers_hasARow() {
    assertThat(done("bench", "tensor", "--callers", "1,3", "--seconds", "1", "--rows", "2"))
        .containsPattern("(?m)^ +1 +[0-9,]+ .* 0$")
        .containsPattern("(?m)^ +3 +[0-9,]+ .* 0$");
    assertThat(slipway("bench", "tensor", "--callers", "0")).isEqualTo(2);
    assertThat(slipway("bench", "tensor", "--rows", "0")).isEqualTo(2);
    assertThat(slipway("bench", "tensor@staging")).isEqualTo(1);
  }
}

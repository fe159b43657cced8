package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ParamSpec;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.runtime.config.Commands;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands that call models, on a server with a model of columns and one of a tensor. */
@ExtendWith(ModelServer.Running.class)
class ModelCommandsIT {
  private static ModelServer server;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void start(ModelServer running) {
    server = running;
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
  void param_isReadInTheDeclaredTypeAndSent() throws Exception {
    ModelSignature signature =
        new ModelSignature(
            Optional.empty(),
            Optional.empty(),
            List.of(
                ParamSpec.of("heat", ScalarType.FLOAT, 0.5),
                ParamSpec.of("top", ScalarType.INTEGER, 3)));
    Path written = folder.resolve("tunable");
    var unused =
        ModelPackage.builder(
                MLmodel.builder()
                    .flavor(Flavor.onnx("model.onnx", "1.23.2"))
                    .signature(signature)
                    .build())
            .file("model.onnx", Path.of("../model-engine/src/test/models/mlp.onnx"))
            .writeTo(written);
    server.register("tunable", written);
    String rows = "[[1, 2, 3, 4]]";
    String withParams = "{\"inputs\": " + rows + ", \"params\": {\"top\": 1}}";

    String plain = done("predict", "tunable", "--json", rows);
    assertThat(done("predict", "tunable", "--json", rows, "--param", "heat=2", "--param=top=1"))
        .isEqualTo(plain);
    assertThat(done("predict", "tunable", "--json", withParams, "--param", "heat=2"))
        .isEqualTo(plain);

    assertThat(slipway("predict", "tunable", "--json", withParams, "--param=top=2")).isEqualTo(1);
    assertThat(err.toString()).contains("the parameter top is given by --param and among");
    assertThat(slipway("predict", "tunable", "--json", rows, "--param=top=x", "--param=cold=1"))
        .isEqualTo(2);
    assertThat(err.toString())
        .contains("the parameter top must be a value of type integer, not x")
        .contains("the model declares no parameter cold; it declares heat, top");
    // Only the service knows that it is too large, so it was told.
    assertThat(slipway("predict", "tunable", "--json", rows, "--param=heat=1e300")).isEqualTo(1);
    assertThat(err.toString()).contains("parameters[heat]");
    Path in = Files.writeString(folder.resolve("in.jsonl"), "[1, 2, 3, 4]\n");
    Path to = folder.resolve("out.jsonl");
    String[] batch = {"batch", "tunable", in.toString(), to.toString(), "--quiet"};
    assertThat(slipway(with(batch, "--param=heat=1e300"))).isEqualTo(1);
    assertThat(err.toString()).contains("parameters[heat]");
    assertThat(slipway(with(batch, "--param=heat=2"))).as(err.toString()).isZero();
    assertThat(to).isRegularFile();
  }

  private static String[] with(String[] args, String option) {
    return Stream.concat(Stream.of(args), Stream.of(option)).toArray(String[]::new);
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

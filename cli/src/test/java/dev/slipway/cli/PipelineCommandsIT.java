package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.runtime.config.Commands;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.VersionSelector;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code slipway pipeline}, with models whose tensors are named, on a server. */
@ExtendWith(ModelServer.Running.class)
class PipelineCommandsIT {
  private static final Path MODELS = Path.of("../model-engine/src/test/models");

  private static ModelServer server;

  @TempDir private static Path packages;
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void register(ModelServer running) throws Exception {
    server = running;
    // Declares nothing: what it takes and gives is known once it is loaded.
    server.register("pipe-bare", write("bare", "identity_fp32.onnx", ""));
    server.register(
        "pipe-named",
        write(
            "named",
            "identity_fp32.onnx",
            """
            signature:
              inputs: '[{"name": "in", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}]'
              outputs: '[{"name": "out", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}]'
            """));
    server.register("pipe-other", write("other", "identity_fp64.onnx", ""));
    server.register(
        "pipe-sure",
        write("sure", "identity_fp32.onnx", "metadata: {slipway.deterministic: true}\n"));
  }

  private static Path write(String name, String model, String signature) throws Exception {
    Path written = Files.createDirectories(packages.resolve(name));
    Files.copy(MODELS.resolve(model), written.resolve("model.onnx"));
    Files.writeString(
        written.resolve("MLmodel"), "flavors: {onnx: {data: model.onnx}}\n" + signature);
    return written;
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
    return out.toString();
  }

  private String refused(String... args) {
    assertThat(slipway(args)).as(out.toString()).isEqualTo(1);
    return err.toString();
  }

  private String chain() {
    return chain("chain", "pipe-bare@production", "pipe-named");
  }

  private String chain(String name, String first, String second) {
    String written = folder.resolve(name).toString();
    String unused =
        done(
            "pipeline",
            "new",
            written,
            "--step=a=" + first,
            "--step=b=" + second,
            "--input=b.in=a.out",
            "--output=score=b.out");
    return written;
  }

  @Test
  void pipeline_isWrittenCheckedRegisteredAndPredicts() throws Exception {
    String written = chain();

    String graph =
        """
        chain  slipway_pipeline
          a  pipe-bare/1  onnx
              in <- inputs.in
          b  pipe-named/1  onnx
              in <- a.out
          score <- b.out
        """;
    assertThat(out.toString()).isEqualTo(graph);
    assertThat(Files.readString(Path.of(written, "MLmodel")))
        .contains("model: models:/pipe-bare/1")
        .containsPattern("digest: [0-9a-f]{64}")
        .containsPattern("\"name\": \"score\"");
    assertThat(done("pipeline", "check", written)).isEqualTo(graph);
    server.register("pipe-chain", Path.of(written));
    assertThat(
            done("predict", "pipe-chain", "--json", "{\"inputs\": {\"in\": [[1.5, 2], [3, 4]]}}"))
        .contains("[[1.5,2.0],[3.0,4.0]]");
  }

  @Test
  void pipelineOfDeterministicSteps_declaresItselfSo() throws Exception {
    assertThat(Files.readString(Path.of(chain("sure", "pipe-sure", "pipe-sure"), "MLmodel")))
        .contains("slipway.deterministic: true");
    assertThat(Files.readString(Path.of(chain("unsure", "pipe-sure", "pipe-bare"), "MLmodel")))
        .doesNotContain("slipway.deterministic");
  }

  @Test
  void stepThatDeclaresNothing_mustBeLoaded() throws Exception {
    done("models", "register", "pipe-quiet", packages.resolve("bare").toString(), "--create", "-q");
    awaitServing("pipe-quiet");
    String[] command = {
      "pipeline", "new", folder.resolve("quiet").toString(), "--step=only=pipe-quiet/1"
    };

    assertThat(refused(command))
        .contains("steps[0].model is pipe-quiet/1, of which the tensors are not known")
        .contains("--load loads it");

    assertThat(slipway(append(command, "--load"))).as(err.toString()).isZero();
    assertThat(out.toString()).contains("out <- only.out");
  }

  private static String[] append(String[] args, String last) {
    return Stream.concat(Stream.of(args), Stream.of(last)).toArray(String[]::new);
  }

  /** Serving learns of versions a moment after the registry. */
  private static void awaitServing(String model) throws InterruptedException {
    DescribeModelRequest request =
        DescribeModelRequest.newBuilder()
            .setModel(model)
            .setSelector(VersionSelector.newBuilder().setVersion(1))
            .build();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try {
        var unused = server.client().serving().describeModel(request);
        return;
      } catch (StatusRuntimeException e) {
        assertThat(System.nanoTime()).as("waited in vain: " + e.getMessage()).isLessThan(end);
        Thread.sleep(20);
      }
    }
  }

  @Test
  void new_everythingThatDoesNotFit_isTold_andNothingIsWritten() throws Exception {
    Path written = folder.resolve("wrong");

    assertThat(
            refused(
                "pipeline",
                "new",
                written.toString(),
                "--step=a=pipe-nobody/1",
                "--step=b=pipe-bare@champion",
                "--step=c=pipe-named/7"))
        .contains("steps[0].model is not there: ")
        .contains("steps[1].model is not there: ")
        .contains("steps[2].model is not there: ");
    assertThat(
            refused(
                "pipeline",
                "new",
                written.toString(),
                "--step=a=pipe-other",
                "--step=b=pipe-bare",
                "--input=b.in=a.out"))
        .contains("steps[1].inputs.in does not fit pipe-bare/1: \"in\" is FP64, expected FP32");
    assertThat(
            refused(
                "pipeline", "new", written.toString(), "--step=a=pipe-other", "--step=b=pipe-bare"))
        .contains("inputs.in is FP64 for steps[0] and FP32 for steps[1]")
        .contains("outputs.out could come from a.out and b.out; name the outputs");
    assertThat(written).doesNotExist();
    Files.createDirectory(written);
    Files.writeString(written.resolve("mine"), "x");
    assertThat(refused("pipeline", "new", written.toString(), "--step=a=pipe-bare"))
        .contains("the folder is not empty");
  }

  @Test
  void check_everythingWrong_isTold() throws Exception {
    String written = chain();
    Path file = Path.of(written, "MLmodel");
    String mlmodel = Files.readString(file);
    Files.writeString(
        Path.of(written, "golden_requests.jsonl"),
        "{\"name\": \"one\", \"inputs\": [{\"name\": \"in\", \"datatype\": \"FP64\", \"shape\": [1,"
            + " 2], \"data\": [1, 2]}], \"outputs\": [{\"name\": \"out\", \"datatype\": \"FP32\","
            + " \"shape\": [1, 2], \"data\": [1, 2]}]}\n");

    assertThat(refused("pipeline", "check", written))
        .contains("golden request \"one\": inputs[0].datatype \"in\" is FP64, expected FP32")
        .contains("golden request \"one\": outputs.out is none of [score]");

    Files.writeString(
        file,
        mlmodel
            .replace("models:/pipe-bare/1", "models:/pipe-bare/7")
            .replaceAll("digest: [0-9a-f]{64}", "digest: " + "ab".repeat(32)));
    assertThat(refused("pipeline", "check", written))
        .contains("steps[0].model is models:/pipe-bare/7: ")
        .contains("steps[1].digest is not that of models:/pipe-named/1, whose package is ");
    assertThat(refused("models", "register", "pipe-wrong", written, "--create", "-q"))
        .contains("cannot be used, for 2 reasons: ")
        .contains("  steps[0].model: is models:/pipe-bare/7, which is not in the registry")
        .contains("  steps[1].digest: is not that of models:/pipe-named/1, whose package is ");
    Files.writeString(file, mlmodel.replace("b.out", "c.out"));
    assertThat(refused("pipeline", "check", written))
        .contains("outputs.score comes from the step \"c\", which does not exist")
        .contains("slipway: steps[1] feeds no other step and no output");
    assertThat(refused("pipeline", "check", packages.resolve("bare").toString()))
        .contains("is no pipeline: its flavors are [onnx]");
  }

  @Test
  void wrongCommandLine_isRefused() {
    assertThat(slipway("pipeline", "new", "x")).isEqualTo(2);
    assertThat(slipway("pipeline", "new", "x", "--step=inputs=m/1")).isEqualTo(2);
    assertThat(slipway("pipeline", "new", "x", "--step=a=m/1", "--input=a.x=y")).isEqualTo(2);
    assertThat(
            slipway(
                "pipeline",
                "new",
                "x",
                "--step=a=m/1",
                "--step=a=m/2",
                "--input=b.x=a.y",
                "--input=a.z=inputs.z",
                "--input=a.z=inputs.y"))
        .isEqualTo(2);
    assertThat(err.toString())
        .contains("--step a is given twice")
        .contains("--input a.z is given twice")
        .contains("--input b.x is of no step: there are [a]");
  }
}

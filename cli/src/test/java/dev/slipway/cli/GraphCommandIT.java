package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.SlipwayClient;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.DeleteModelVersionRequest;
import dev.slipway.registry.v1.DeleteRegisteredModelRequest;
import dev.slipway.registry.v1.SetModelAliasRequest;
import dev.slipway.runtime.config.Commands;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class GraphCommandIT {
  @TempDir private static Path folder;
  private static SlipwayProcess server;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void register() throws Exception {
    server = SlipwayProcess.startServer("server", "--data-dir=" + folder.resolve("data"));
    try (SlipwayClient client = SlipwayClient.connect(server.address())) {
      create(client, "encoder", "scorer", "fraud", "leaf", "tree");
      register(client, "encoder", "flavors: {onnx: {data: MLmodel}}");
      register(client, "encoder", "flavors: {onnx: {data: MLmodel}}");
      register(
          client,
          "scorer",
          """
          flavors:
            slipway_pipeline:
              steps:
              - {name: net, model: models:/encoder/1}
              outputs: {score: net.y}
          """);
      register(
          client,
          "fraud",
          """
          flavors:
            slipway_pipeline:
              steps:
              - {name: score, model: models:/scorer/1, inputs: {x: embed.vector, y: inputs.y}}
              - {name: embed, model: models:/encoder/1, inputs: {text: inputs.text}}
              - {name: gone, model: models:/encoder/2, inputs: {x: embed.vector}}
              outputs: {rest: gone.y, score: score.score}
          """);
      deleteVersion(client, "encoder", 2);
      register(client, "leaf", pipelineOf(1, "encoder/1"));
      register(client, "tree", pipelineOf(30, "leaf/1"));
      // A tree that is too large to be registered has grown afterwards.
      deleteModel(client, "leaf");
      create(client, "leaf");
      register(client, "leaf", pipelineOf(30, "encoder/1"));
      var unused =
          client
              .registry()
              .setModelAlias(
                  SetModelAliasRequest.newBuilder()
                      .setName("fraud")
                      .setAlias("best")
                      .setVersion(1)
                      .build());
    }
  }

  private static String pipelineOf(int steps, String version) {
    StringBuilder mlmodel = new StringBuilder("flavors:\n  slipway_pipeline:\n    steps:\n");
    for (int i = 0; i < steps; i++) {
      mlmodel.append("    - {name: s%02d, model: models:/%s}\n".formatted(i, version));
    }
    mlmodel.append("    outputs:\n");
    for (int i = 0; i < steps; i++) {
      mlmodel.append("      y%02d: s%02d.y\n".formatted(i, i));
    }
    return mlmodel.toString();
  }

  private static void create(SlipwayClient client, String... models) {
    for (String model : models) {
      var created =
          client
              .registry()
              .createRegisteredModel(
                  CreateRegisteredModelRequest.newBuilder().setName(model).build());
      assertThat(created.getName()).isEqualTo(model);
    }
  }

  private static void deleteModel(SlipwayClient client, String model) {
    var unused =
        client
            .registry()
            .deleteRegisteredModel(
                DeleteRegisteredModelRequest.newBuilder().setName(model).build());
  }

  private static void deleteVersion(SlipwayClient client, String model, long version) {
    var unused =
        client
            .registry()
            .deleteModelVersion(
                DeleteModelVersionRequest.newBuilder().setName(model).setVersion(version).build());
  }

  private static void register(SlipwayClient client, String model, String mlmodel)
      throws Exception {
    Path written = Files.createDirectories(folder.resolve(model));
    Files.writeString(written.resolve("MLmodel"), mlmodel);
    var uploaded = client.transfers().uploadFolder(written, "packages/" + model);
    assertThat(uploaded.files()).isEqualTo(1);
    var version =
        client
            .registry()
            .createModelVersion(
                CreateModelVersionRequest.newBuilder()
                    .setName(model)
                    .setSource("packages/" + model)
                    .build());
    assertThat(version.getName()).isEqualTo(model);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private int slipway(String... args) {
    CommandLine line = Commands.of(Slipway.command(), Map.of("SLIPWAY_SERVER", server.address()));
    return line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(args);
  }

  @Test
  void graph_showsEachStepBehindThoseThatFeedIt() {
    assertThat(slipway("graph", "fraud@best")).as(err.toString()).isZero();

    assertThat(out.toString())
        .isEqualTo(
            """
            fraud/1  slipway_pipeline
              embed  encoder/1  onnx
                  text <- inputs.text
              gone  encoder/2  not in the registry
                  x <- embed.vector
              score  scorer/1  slipway_pipeline
                | net  encoder/1  onnx
                |     * <- inputs.*
                | score <- net.y
                  x <- embed.vector
                  y <- inputs.y
              rest <- gone.y
              score <- score.score
            """);
  }

  @Test
  void graphvizAndJson_haveTheSameParts() {
    assertThat(slipway("graph", "fraud/1", "--dot")).as(err.toString()).isZero();
    assertThat(out.toString())
        .startsWith("digraph \"fraud/1\" {\n")
        .contains("\"embed\" [label=\"embed\\nencoder/1\\nonnx\"];")
        .contains("\"inputs\" -> \"embed\" [label=\"text\"];")
        .contains("subgraph \"cluster_score\" {")
        .contains("\"embed\" -> \"score/inputs\" [label=\"vector as x\"];")
        .contains("\"score/net\" -> \"score/outputs\" [label=\"y as score\"];")
        .contains("\"score/outputs\" -> \"outputs\" [label=\"score\"];")
        .endsWith("}\n");
    out.getBuffer().setLength(0);

    assertThat(slipway("graph", "fraud/1", "--json")).isZero();
    assertThat(out.toString())
        .hasLineCount(1)
        .contains("\"version\":\"fraud/1\"")
        .contains("\"name\":\"net\"")
        .contains("\"x\":\"embed.vector\"");
  }

  @Test
  void moreStepsThanAreServed_areNotFollowed() {
    assertThat(slipway("graph", "tree/1")).as(err.toString()).isZero();

    // Thirty steps of thirty steps each would be 930.
    assertThat(out.toString().lines().filter(line -> line.contains("encoder/1  onnx")).count())
        .isLessThan(128);
    assertThat(out.toString()).contains("one of too many to be shown");
  }

  @Test
  void modelOfItsOwn_isOneNode() {
    assertThat(slipway("graph", "encoder/1")).isZero();
    assertThat(out.toString()).isEqualTo("encoder/1  onnx\n");
  }

  @Test
  void whatCannotBeShown_isRefused() {
    assertThat(slipway("graph", "fraud")).isEqualTo(1);
    assertThat(slipway("graph", "nobody/1")).isEqualTo(1);
    assertThat(slipway("graph", "fraud/0")).isEqualTo(2);
    assertThat(slipway("graph", "fraud/1", "--dot", "--json")).isEqualTo(2);

    assertThat(err.toString())
        .contains("slipway: FAILED_PRECONDITION: ")
        .contains("slipway: NOT_FOUND: ")
        .contains("'fraud/0' names no model")
        .contains("--dot and --json exclude each other");
  }
}

package dev.slipway.registry.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.DatasetNode;
import dev.slipway.registry.v1.GetLineageRequest;
import dev.slipway.registry.v1.GetLineageResponse;
import dev.slipway.registry.v1.LineageDirection;
import dev.slipway.registry.v1.LineageNode;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.RunNode;
import dev.slipway.registry.v1.VersionNode;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

final class LineageRpcsTest {
  private static final String PIPELINE =
      """
      flavors:
        slipway_pipeline:
          steps:
          - {name: score, model: models:/digits/1}
          outputs: {y: score.y}
      """;

  @TempDir private Path folder;
  private RegistryFixture fixture;

  @RegisterExtension
  final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () -> {
            fixture = new RegistryFixture(folder);
            return fixture.openRegistry();
          });

  private RegistryServiceBlockingStub stub;

  @BeforeEach
  void register() {
    stub = RegistryServiceGrpc.newBlockingStub(server.channel());
    fixture.uploadPackage("1/run/model");
    register("digits", "mlflow-artifacts:/1/run/model");
    register("digits-eu", "models:/digits/1");
    fixture.upload("packages/pipeline/MLmodel", PIPELINE.getBytes(StandardCharsets.UTF_8));
    register("pipeline", "packages/pipeline");
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private void register(String name, String source) {
    var model =
        stub.createRegisteredModel(CreateRegisteredModelRequest.newBuilder().setName(name).build());
    var version =
        stub.createModelVersion(
            CreateModelVersionRequest.newBuilder().setName(name).setSource(source).build());
    assertThat(version.getName()).isEqualTo(model.getName());
  }

  private static LineageNode version(String name) {
    return LineageNode.newBuilder()
        .setVersion(VersionNode.newBuilder().setName(name).setVersion(1))
        .build();
  }

  private static LineageNode run(String id) {
    return LineageNode.newBuilder().setRun(RunNode.newBuilder().setRunId(id)).build();
  }

  private static LineageNode dataset(String name, String digest) {
    return LineageNode.newBuilder()
        .setDataset(DatasetNode.newBuilder().setDatasetName(name).setDigest(digest))
        .build();
  }

  private GetLineageResponse lineage(LineageNode node, LineageDirection direction, int depth) {
    return stub.getLineage(
        GetLineageRequest.newBuilder()
            .setNode(node)
            .setDirection(direction)
            .setMaxDepth(depth)
            .build());
  }

  /** Writes edges as {@code from RELATION(role) to}. */
  private static List<String> edges(GetLineageResponse lineage) {
    return lineage.getEdgesList().stream()
        .map(
            edge ->
                "%s %s(%s) %s"
                    .formatted(
                        text(lineage.getNodes(edge.getFromIndex())),
                        edge.getRelation().name().substring("RELATION_".length()),
                        edge.getRole(),
                        text(lineage.getNodes(edge.getToIndex()))))
        .toList();
  }

  private static String text(LineageNode node) {
    return switch (node.getThingCase()) {
      case VERSION -> node.getVersion().getName() + "/" + node.getVersion().getVersion();
      case RUN -> "run:" + node.getRun().getRunName();
      case DATASET ->
          node.getDataset().getDatasetName() + "@" + node.getDataset().getExperimentId();
      case THING_NOT_SET -> "nothing";
    };
  }

  @Test
  void upstream_ofAPipeline_reachesTheDataset() {
    GetLineageResponse found =
        lineage(version("pipeline"), LineageDirection.LINEAGE_DIRECTION_UPSTREAM, 0);

    assertThat(edges(found))
        .containsExactly(
            "digits/1 PIPELINE_STEP(score) pipeline/1",
            "run:first RUN_OUTPUT() digits/1",
            "mnist@1 RUN_INPUT(training) run:first");
    assertThat(text(found.getNodes(0))).isEqualTo("pipeline/1");
    assertThat(found.getTruncated()).isFalse();
  }

  @Test
  void downstream_ofADataset_reachesThePipeline() {
    GetLineageResponse found =
        lineage(dataset("mnist", "d1"), LineageDirection.LINEAGE_DIRECTION_DOWNSTREAM, 0);

    assertThat(edges(found))
        .containsExactlyInAnyOrder(
            "mnist@ RUN_INPUT(training) run:first",
            "run:first RUN_OUTPUT() digits/1",
            "run:first RUN_OUTPUT() digits-eu/1",
            "digits/1 COPY() digits-eu/1",
            "digits/1 PIPELINE_STEP(score) pipeline/1");
    assertThat(found.getTruncated()).isFalse();
  }

  @Test
  void both_ofAVersion_areNearestFirstAndEndAtTheDepth() {
    GetLineageResponse found =
        lineage(version("digits"), LineageDirection.LINEAGE_DIRECTION_BOTH, 1);

    assertThat(found.getNodesList())
        .extracting(LineageRpcsTest::text)
        .containsExactlyInAnyOrder("digits/1", "run:first", "digits-eu/1", "pipeline/1")
        .startsWith("digits/1");
    assertThat(found.getTruncated()).as("the dataset is one step further").isTrue();
    assertThat(
            lineage(version("digits"), LineageDirection.LINEAGE_DIRECTION_DOWNSTREAM, 1)
                .getTruncated())
        .isFalse();
  }

  @Test
  void unknownThings_haveNoLineage_andBadRequestsAreRefused() {
    LineageDirection both = LineageDirection.LINEAGE_DIRECTION_BOTH;

    assertThat(lineage(run("e".repeat(32)), both, 0).getNodesList()).hasSize(1);
    assertThat(lineage(dataset("mnist", "d2"), both, 0).getNodesList()).hasSize(1);
    assertThat(lineage(dataset("it's \"both\"", "d"), both, 0).getNodesList()).hasSize(1);
    Failures.assertFails(
        () -> lineage(version("nobody"), both, 0),
        Status.Code.NOT_FOUND,
        "REGISTERED_MODEL_NOT_FOUND");
    // What is malformed is told field by field.
    Failures.assertInvalid(
        () ->
            lineage(
                LineageNode.getDefaultInstance(),
                LineageDirection.LINEAGE_DIRECTION_UNSPECIFIED,
                17),
        "node",
        "direction",
        "max_depth");
  }
}

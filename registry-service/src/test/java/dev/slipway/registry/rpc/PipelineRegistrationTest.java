package dev.slipway.registry.rpc;

import static dev.slipway.registry.rpc.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.PreconditionFailure;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.DeleteModelVersionRequest;
import dev.slipway.registry.v1.FinalizeModelVersionRequest;
import dev.slipway.registry.v1.GetLineageRequest;
import dev.slipway.registry.v1.LineageDirection;
import dev.slipway.registry.v1.LineageNode;
import dev.slipway.registry.v1.ListModelVersionsRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.ModelVersionState;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.SetModelAliasRequest;
import dev.slipway.registry.v1.VersionNode;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Pipelines are checked when they are registered. Over a network, which bounds what is told. */
final class PipelineRegistrationTest {
  private static final String CHAIN =
      """
      flavors:
        slipway_pipeline:
          steps:
          - {name: embed, model: models:/encoder/1, inputs: {text: inputs.text}}
          - {name: score, model: models:/scorer/1, inputs: {vector: embed.vector}}
          outputs: {risk: score.risk}
      signature:
        inputs: '[%s]'
        outputs: '[%s]'
      """
          .formatted(tensor("text", "str", "-1"), tensor("risk", "float32", "-1"));

  @TempDir private Path folder;
  private RegistryFixture fixture;

  @RegisterExtension
  final GrpcServerExtension server =
      GrpcServerExtension.netty(
          4 << 20,
          () -> {
            fixture = new RegistryFixture(folder);
            return fixture.openRegistry();
          });

  private RegistryServiceBlockingStub stub;

  @BeforeEach
  void registerSteps() {
    stub = RegistryServiceGrpc.newBlockingStub(server.channel());
    for (String name : List.of("encoder", "scorer", "bare", "fraud")) {
      createModel(name);
    }
    register("encoder", model(tensor("text", "str", "-1"), tensor("vector", "float32", "-1,8")));
    register("scorer", model(tensor("vector", "float32", "-1,8"), tensor("risk", "float32", "-1")));
    register("bare", "flavors: {onnx: {data: model.onnx}}");
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private void createModel(String name) {
    var unused =
        stub.createRegisteredModel(CreateRegisteredModelRequest.newBuilder().setName(name).build());
  }

  private static String tensor(String name, String dtype, String shape) {
    return "{\"name\": \"%s\", \"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"%s\", \"shape\": [%s]}}"
        .formatted(name, dtype, shape);
  }

  private static String model(String input, String output) {
    return """
    flavors: {onnx: {data: model.onnx}}
    signature:
      inputs: '[%s]'
      outputs: '[%s]'
    """
        .formatted(input, output);
  }

  private static String pipeline(List<String> steps, String output) {
    return "flavors:\n  slipway_pipeline:\n    outputs: {y: %s}\n    steps:\n    - "
            .formatted(output)
        + String.join("\n    - ", steps)
        + "\n";
  }

  /** Returns a pipeline whose steps need not fit each other. */
  private static String pipelineOf(String version, int steps) {
    return pipeline(
            IntStream.range(0, steps)
                .mapToObj(i -> "{name: s%d, model: models:/%s}".formatted(i, version))
                .toList(),
            "s0.y")
        .replace(
            "{y: s0.y}",
            IntStream.range(0, steps)
                .mapToObj(i -> "y%1$d: s%1$d.y".formatted(i))
                .collect(Collectors.joining(", ", "{", "}")));
  }

  private void upload(String name, String modelFile) {
    fixture.upload("packages/" + name + "/MLmodel", modelFile.getBytes(StandardCharsets.UTF_8));
  }

  private ModelVersion register(String name, String modelFile) {
    upload(name, modelFile);
    return create(name, "packages/" + name);
  }

  private ModelVersion create(String name, String source) {
    return stub.createModelVersion(
        CreateModelVersionRequest.newBuilder().setName(name).setSource(source).build());
  }

  private long versions(String name) {
    return stub.listModelVersions(ListModelVersionsRequest.newBuilder().setName(name).build())
        .getModelVersionsCount();
  }

  /** Registers what is refused, and returns why, each problem with its place. */
  private List<String> refused(String name, String modelFile) {
    upload(name, modelFile);
    return refusedFrom(name, "packages/" + name);
  }

  private List<String> refusedFrom(String name, String source) {
    long before = versions(name);
    StatusRuntimeException failure =
        assertFails(
            () -> create(name, source), Status.Code.FAILED_PRECONDITION, "PIPELINE_INVALID");
    assertThat(versions(name)).isEqualTo(before);
    return problems(failure);
  }

  private static List<String> problems(StatusRuntimeException failure) {
    return Failures.detail(
            failure, PreconditionFailure.class, PreconditionFailure.getDefaultInstance())
        .getViolationsList()
        .stream()
        .map(violation -> violation.getSubject() + " " + violation.getDescription())
        .toList();
  }

  private void delete(String name) {
    var unused =
        stub.deleteModelVersion(
            DeleteModelVersionRequest.newBuilder().setName(name).setVersion(1).build());
  }

  @Test
  void pipelineWhoseStepsFit_isRegistered() {
    ModelVersion registered = register("fraud", CHAIN);

    assertThat(registered.getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_READY);
    assertThat(create("fraud", "models:/fraud/1").getVersion()).as("a copy").isEqualTo(2);
  }

  @Test
  void everythingThatDoesNotFit_isTold_andNothingIsWritten() {
    String wrong =
        CHAIN
            .replace("vector: embed.vector", "vector: embed.embedding")
            .replace("{text: inputs.text}", "{text: inputs.text, lang: inputs.lang}")
            .replace("\"float32\"", "\"float64\"");

    assertThat(refused("fraud", wrong))
        .containsExactly(
            "steps[0].inputs.lang comes from inputs.lang, which the signature does not declare: it"
                + " has [text]",
            "steps[1].inputs.vector comes from embed.embedding; encoder/1 gives [vector]",
            "signature.outputs.risk is not what the steps give: \"risk\" is FP32, expected FP64");
    assertThat(register("fraud", CHAIN).getVersion()).as("no number was used").isEqualTo(1);
  }

  @Test
  void datatypesAndShapesOfSteps_mustJoin() {
    createModel("narrow");
    register("narrow", model(tensor("vector", "float64", "-1,4"), tensor("risk", "float32", "-1")));

    assertThat(refused("fraud", CHAIN.replace("scorer/1", "narrow/1")))
        .containsExactly(
            "steps[1].inputs.vector does not fit narrow/1: \"vector\" is FP32, expected FP64",
            "steps[1].inputs.vector does not fit narrow/1: \"vector\" has 8 at dimension 1 of [-1,"
                + " 8], expected 4: [-1, 4]");
  }

  @Test
  void stepsThatAreNotThere_orHaveOtherPackages_areTold() {
    createModel("elsewhere");
    var unused =
        stub.createModelVersion(
            CreateModelVersionRequest.newBuilder()
                .setName("elsewhere")
                .setSource("s3://bucket/model")
                .setAllowMissingModelFile(true)
                .build());
    String digest = "ab".repeat(32);

    List<String> problems =
        refused(
            "fraud",
            pipeline(
                    List.of(
                        "{name: a, model: models:/encoder/2}",
                        "{name: b, model: models:/nobody/1}",
                        "{name: c, model: models:/elsewhere/1}",
                        "{name: d, model: models:/encoder/1, digest: %s}".formatted(digest),
                        "{name: e, model: 'models:/n:o name/1', inputs: {a: a.x, b: b.x, c: c.x}}"),
                    "e.y")
                .replace("{y: e.y}", "{y: e.y, z: d.vector}"));

    assertThat(problems.subList(0, 3))
        .containsExactly(
            "steps[0].model is models:/encoder/2, which is not in the registry",
            "steps[1].model is models:/nobody/1, which is not in the registry",
            "steps[2].model is models:/elsewhere/1, which has no package that can be served");
    assertThat(problems.get(3)).startsWith("steps[3].digest is not that of models:/encoder/1, ");
    assertThat(problems.get(4))
        .isEqualTo("steps[4].model is models:/n:o name/1, which is not in the registry");
    assertThat(problems).hasSize(5);
  }

  @Test
  void circlesAndUnknownSteps_areTold() {
    assertThat(
            refused(
                "fraud",
                pipeline(
                    List.of(
                        "{name: a, model: models:/encoder/1, inputs: {text: b.vector}}",
                        "{name: b, model: models:/encoder/1, inputs: {text: a.vector}}",
                        "{name: c, model: models:/encoder/1, inputs: {text: d.vector}}"),
                    "c.vector")))
        .containsExactly(
            "steps[2].inputs.text comes from the step \"d\", which does not exist",
            "steps feed each other in a circle: a, b");
  }

  @Test
  void stagesAndAliases_areNoVersions() {
    var unused =
        stub.setModelAlias(
            SetModelAliasRequest.newBuilder()
                .setName("encoder")
                .setAlias("champion")
                .setVersion(1)
                .build());
    assertThat(
            refused(
                "fraud",
                pipeline(
                    List.of(
                        "{name: a, model: models:/encoder@champion}",
                        "{name: b, model: models:/encoder/Production}"),
                    "b.vector")))
        .hasSize(2)
        .allSatisfy(problem -> assertThat(problem).contains("must be models:/NAME/NUMBER"));
  }

  @Test
  void whatNobodyDeclares_isLeftToServing() {
    assertThat(register("fraud", CHAIN.replace("scorer/1", "bare/1")).getState())
        .isEqualTo(ModelVersionState.MODEL_VERSION_STATE_READY);
    assertThat(refused("fraud", CHAIN.replace("scorer/1", "bare/1").replace("embed.v", "embed.w")))
        .containsExactly(
            "steps[1].inputs.vector comes from embed.wector; encoder/1 gives [vector]");
  }

  @Test
  void pipelinesInPipelines_areBounded() {
    for (int depth = 1; depth <= 8; depth++) {
      createModel("p" + depth);
      String below = depth == 1 ? "bare/1" : "p" + (depth - 1) + "/1";
      assertThat(register("p" + depth, pipelineOf(below, 1)).getVersion()).isEqualTo(1);
    }
    createModel("wide");
    register("wide", pipelineOf("bare/1", 31));

    assertThat(refused("fraud", pipelineOf("p8/1", 1)))
        .containsExactly("steps lie 9 pipelines deep; at most 8 may");
    assertThat(refused("fraud", pipelineOf("wide/1", 5)))
        .containsExactly("steps are 160 with those of pipelines within; at most 128 may be");
    assertThat(register("fraud", pipelineOf("wide/1", 4)).getVersion()).isEqualTo(1);
  }

  @Test
  void manyProblems_areCounted_andAsManyToldAsThereIsRoomFor() {
    String lines =
        IntStream.range(0, 64)
            .mapToObj(i -> "{name: s%d, model: models:/%s/9}".formatted(i, "名".repeat(200)))
            .collect(Collectors.joining("\n    - "));
    upload("fraud", pipelineOf("bare/1", 64).replaceAll("(?s)steps:.*", "steps:\n    - " + lines));

    StatusRuntimeException failure =
        assertFails(
            () -> create("fraud", "packages/fraud"),
            Status.Code.FAILED_PRECONDITION,
            "PIPELINE_INVALID");

    assertThat(failure.getStatus().getDescription())
        .startsWith(
            "the pipeline in packages/fraud cannot be used, for 64 reasons: steps[0].model");
    assertThat(problems(failure)).hasSizeBetween(2, 20);
  }

  @Test
  void deferredPipeline_failsWithEverythingThatIsWrong() {
    createModel("later");
    var pending = defer("later");
    assertThat(pending.getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_PENDING);
    assertThat(refused("fraud", CHAIN.replace("scorer/1", "later/1")))
        .as("a step whose package is not there yet")
        .containsExactly(
            "steps[1].model is models:/later/1, which has no package that can be served");
    upload(
        "later",
        CHAIN.replace("scorer/1", "later/1").replace("{text: inputs.text}", "{x: inputs.text}"));

    ModelVersion failed = finish("later");

    assertThat(failed.getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_FAILED);
    assertThat(failed.getStateReason())
        .isEqualTo(
            "the pipeline in packages/later cannot be used, for 3 reasons: steps[1].model is"
                + " models:/later/1, which has no package that can be served; steps[0].inputs.x"
                + " does not fit encoder/1: unknown input \"x\"; the model takes [text];"
                + " steps[0].inputs does not fit encoder/1: missing input \"text\": BYTES [-1]");
  }

  @Test
  void deferredPipeline_waitsForAStepThatIsPending() {
    for (String name : List.of("later", "chain")) {
      createModel(name);
      assertThat(defer(name).getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_PENDING);
    }
    upload("later", model(tensor("vector", "float32", "-1,8"), tensor("risk", "float32", "-1")));
    upload("chain", CHAIN.replace("scorer/1", "later/1"));

    StatusRuntimeException failure =
        assertFails(() -> finish("chain"), Status.Code.FAILED_PRECONDITION, "PIPELINE_INVALID");
    assertThat(problems(failure))
        .containsExactly(
            "steps[1].model is models:/later/1, which has no package that can be served");
    assertThat(finish("later").getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_READY);
    assertThat(finish("chain").getState()).isEqualTo(ModelVersionState.MODEL_VERSION_STATE_READY);
  }

  private ModelVersion defer(String name) {
    return stub.createModelVersion(
        CreateModelVersionRequest.newBuilder()
            .setName(name)
            .setSource("packages/" + name)
            .setDeferPackage(true)
            .build());
  }

  private ModelVersion finish(String name) {
    return stub.finalizeModelVersion(
        FinalizeModelVersionRequest.newBuilder().setName(name).setVersion(1).build());
  }

  @Test
  void stepDeletedLater_leavesThePipelineAndItsLineage_butNoCopyIsMade() {
    register("fraud", CHAIN);

    delete("scorer");

    assertThat(versions("fraud")).isEqualTo(1);
    assertThat(
            stub.getLineage(
                    GetLineageRequest.newBuilder()
                        .setNode(
                            LineageNode.newBuilder()
                                .setVersion(
                                    VersionNode.newBuilder().setName("fraud").setVersion(1)))
                        .setDirection(LineageDirection.LINEAGE_DIRECTION_UPSTREAM)
                        .build())
                .getEdgesList())
        .singleElement()
        .satisfies(edge -> assertThat(edge.getRole()).isEqualTo("embed"));
    assertThat(refusedFrom("fraud", "models:/fraud/1"))
        .containsExactly("steps[1].model is models:/scorer/1, which is not in the registry");
    createModel("outer");
    assertThat(refused("outer", pipelineOf("fraud/1", 1)))
        .contains(
            "steps[0].model is models:/fraud/1, which runs models:/scorer/1: that is not in the"
                + " registry, or has no package");
  }

  @Test
  void stepDeletedMeanwhile_isToldOrGoneAfterwards() throws Exception {
    upload("fraud", CHAIN);
    CyclicBarrier both = new CyclicBarrier(2);
    ExecutorService pool = Executors.newSingleThreadExecutor();
    try {
      Future<Optional<StatusRuntimeException>> registration =
          pool.submit(
              () -> {
                both.await();
                try {
                  assertThat(create("fraud", "packages/fraud").getVersion()).isEqualTo(1);
                  return Optional.empty();
                } catch (StatusRuntimeException e) {
                  return Optional.of(e);
                }
              });
      both.await();
      delete("scorer");

      Optional<StatusRuntimeException> failure = registration.get();

      assertThat(versions("fraud")).isEqualTo(failure.isPresent() ? 0 : 1);
      failure.ifPresent(
          e ->
              assertThat(e.getStatus().getDescription())
                  .containsAnyOf(
                      "steps[1].model is models:/scorer/1, which is not in the registry",
                      "models:/scorer/1, which was deleted or renamed while"));
    } finally {
      pool.shutdownNow();
    }
  }
}

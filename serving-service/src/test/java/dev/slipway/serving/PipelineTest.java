package dev.slipway.serving;

import static dev.slipway.serving.testing.ServingHarness.ask;
import static dev.slipway.serving.testing.ServingHarness.y;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.packaging.GoldenRequests;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.pipeline.PipelineDefinition;
import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.engine.pipeline.TensorSource;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ParamSpec;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.CheckResult;
import dev.slipway.serving.v1.Dependency;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.ProfileRequest;
import dev.slipway.serving.v1.ProfileResponse;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.StepProfile;
import dev.slipway.serving.v1.StepProvenance;
import dev.slipway.serving.v1.UnloadRequest;
import dev.slipway.serving.v1.ValidateVersionRequest;
import dev.slipway.serving.v1.ValidationCheck;
import dev.slipway.serving.v1.VersionSelector;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pipelines: each scripted step adds a constant, so an answer tells which steps gave it. */
class PipelineTest {
  @TempDir Path folder;

  private ServingHarness harness;
  private final Semaphore gate = new Semaphore(0);
  private int packages;

  @BeforeEach
  void start() {
    harness = new ServingHarness(folder);
    harness.addScripted("ten", 10, "ten", Stage.STAGE_NONE);
    harness.addScripted("hundred", 100, "hundred", Stage.STAGE_NONE);
  }

  @AfterEach
  void stop() {
    gate.release(1_000);
    harness.close();
    ScriptedEngine.HOOKS.clear();
    ScriptedEngine.LOAD_HOOKS.clear();
  }

  private static PipelineStep first(String name, String model) {
    return PipelineStep.of(name, model, 1, Map.of("x", TensorSource.input("x")));
  }

  private static PipelineStep after(String name, String model, String before) {
    return PipelineStep.of(name, model, 1, Map.of("x", TensorSource.output(before, "y")));
  }

  private static PipelineDefinition pipeline(String last, PipelineStep... steps) {
    return new PipelineDefinition(List.of(steps), Map.of("y", TensorSource.output(last, "y")));
  }

  private static PipelineDefinition chain() {
    return pipeline("b", first("a", "ten"), after("b", "hundred", "a"));
  }

  private long add(String model, PipelineDefinition definition, Stage stage) {
    return add(
        model, MLmodel.builder().flavor(definition.toFlavor()), GoldenRequests.none(), stage);
  }

  private long add(String model, MLmodel.Builder described, GoldenRequests golden, Stage stage) {
    ModelPackage written =
        ModelPackage.builder(described.build())
            .goldenRequests(golden)
            .writeTo(folder.resolve("pipeline-" + packages++));
    return harness.registry.add(model, harness.artifacts.put(written.root()), stage);
  }

  private void addChain() {
    add("p", chain(), Stage.STAGE_PRODUCTION);
    harness.awaitProduction("p", 1);
  }

  private Future<ModelInferResponse> askLater(String model, float... x) {
    return GRPCInferenceServiceGrpc.newFutureStub(harness.channel())
        .withDeadlineAfter(20, TimeUnit.SECONDS)
        .modelInfer(ask(model, "", x));
  }

  private DescribeModelResponse describe(String model) {
    return harness
        .serving()
        .describeModel(
            DescribeModelRequest.newBuilder()
                .setModel(model)
                .setSelector(VersionSelector.newBuilder().setVersion(1))
                .build());
  }

  private CheckResult check(String model) {
    ServingHarness.await(() -> describe(model).getVersion().getVersion() == 1);
    return harness
        .serving()
        .validateVersion(
            ValidateVersionRequest.newBuilder()
                .setModel(model)
                .setVersion(1)
                .addChecks(ValidationCheck.VALIDATION_CHECK_PIPELINE)
                .build())
        .getChecks(0);
  }

  /** From here on calls of the engine wait at the gate; returns the count of those that came. */
  private AtomicInteger hold(String hook) {
    AtomicInteger begun = new AtomicInteger();
    ScriptedEngine.HOOKS.put(
        hook,
        request -> {
          begun.incrementAndGet();
          gate.acquireUninterruptibly();
          return request;
        });
    return begun;
  }

  @Test
  void chain_answersAndTellsItsStepsAndWhatTheyTake() {
    addChain();

    PredictResponse response = harness.serving().predict(request("p", 1));

    assertThat(value(response)).isEqualTo(111);
    assertThat(response.getProvenance().getStepsList())
        .extracting(StepProvenance::getStep, StepProvenance::getModel, StepProvenance::getVersion)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("a", "ten", 1L),
            org.assertj.core.groups.Tuple.tuple("b", "hundred", 1L));
    assertThat(response.getProvenance().getSteps(0).getPackageDigest()).hasSize(64);
    DescribeModelResponse described = describe("p");
    assertThat(described.getVersion().getPlatform()).isEqualTo("slipway_pipeline");
    assertThat(described.getInputs(0).getName()).isEqualTo("x");
    assertThat(described.getDependenciesList())
        .extracting(Dependency::getStep)
        .containsExactly("a", "b");
    long parts =
        described.getVersion().getMemoryBytes()
            + described.getDependenciesList().stream()
                .mapToLong(step -> step.getVersion().getMemoryBytes())
                .sum();
    assertThat(described.getTotalMemoryBytes()).isEqualTo(parts);
    assertThat(described.getStatistics().getRows()).isEqualTo(2);
  }

  private static PredictRequest request(String model, float x) {
    return PredictRequest.newBuilder()
        .setModel(model)
        .setTensors(
            dev.slipway.serving.v1.Tensors.newBuilder()
                .addTensors(
                    dev.slipway.serving.v1.Tensor.newBuilder()
                        .setName("x")
                        .setDataType(dev.slipway.serving.v1.DataType.DATA_TYPE_FP32)
                        .addShape(1)
                        .setRaw(ask(model, "", x).getRawInputContents(0))))
        .build();
  }

  private static float value(PredictResponse response) {
    return response
        .getTensors()
        .getTensors(0)
        .getRaw()
        .asReadOnlyByteBuffer()
        .order(java.nio.ByteOrder.LITTLE_ENDIAN)
        .getFloat();
  }

  @Test
  void independentSteps_runAtTheSameTime() {
    Map<String, TensorSource> outputs = new LinkedHashMap<>();
    outputs.put("left", TensorSource.output("a", "y"));
    outputs.put("right", TensorSource.output("b", "y"));
    add(
        "p",
        new PipelineDefinition(List.of(first("a", "ten"), first("b", "hundred")), outputs),
        Stage.STAGE_PRODUCTION);
    harness.awaitProduction("p", 1);
    CyclicBarrier both = new CyclicBarrier(2);
    for (String hook : List.of("ten", "hundred")) {
      ScriptedEngine.HOOKS.put(
          hook,
          request -> {
            try {
              both.await(20, TimeUnit.SECONDS);
              return request;
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          });
    }

    ModelInferResponse response = harness.inference().modelInfer(ask("p", "", 1));

    assertThat(response.getOutputsList())
        .extracting(ModelInferResponse.InferOutputTensor::getName)
        .containsExactly("left", "right");
    assertThat(y(response)).isEqualTo(11);
  }

  @Test
  void onlyTheStepsThatAnOutputNeeds_areRun() {
    Map<String, TensorSource> outputs = new LinkedHashMap<>();
    outputs.put("near", TensorSource.output("a", "y"));
    outputs.put("far", TensorSource.output("b", "y"));
    add(
        "p",
        new PipelineDefinition(List.of(first("a", "ten"), after("b", "hundred", "a")), outputs),
        Stage.STAGE_PRODUCTION);
    harness.awaitProduction("p", 1);
    long before = describe("hundred").getStatistics().getSuccesses();

    ModelInferResponse response =
        harness
            .inference()
            .modelInfer(
                ask("p", "", 1).toBuilder()
                    .addOutputs(
                        ModelInferRequest.InferRequestedOutputTensor.newBuilder().setName("near"))
                    .build());

    assertThat(y(response)).isEqualTo(11);
    assertThat(describe("hundred").getStatistics().getSuccesses()).isEqualTo(before);
  }

  @Test
  void manyCallersThroughPipelinesInPipelines_allGetTheirOwnAnswer() throws Exception {
    add("p", chain(), Stage.STAGE_NONE);
    add("outer", pipeline("c", first("in", "p"), after("c", "ten", "in")), Stage.STAGE_PRODUCTION);
    harness.awaitProduction("outer", 1);
    // Long calls, so that every step goes to the engines' threads.
    AtomicInteger begun = hold("hundred");
    List<Future<ModelInferResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      answers.add(askLater("outer", i));
    }
    ServingHarness.await(
        () -> begun.get() >= 1 && describe("hundred").getVersion().getQueuedRequests() > 1);
    gate.release(1_000);

    for (int i = 0; i < answers.size(); i++) {
      assertThat(y(answers.get(i).get(20, TimeUnit.SECONDS))).isEqualTo(i + 120);
    }
    assertThat(describe("hundred").getStatistics().getBatchSizesList())
        .anyMatch(batch -> batch.getRows() > 1);
    assertThat(describe("outer").getDependenciesList())
        .extracting(Dependency::getStep)
        .containsExactly("in", "in/a", "in/b");
  }

  @Test
  void stepsSharedByPipelines_areLoadedOnceAndStayAsLongAsOneNeedsThem() {
    AtomicInteger loads = new AtomicInteger();
    ScriptedEngine.LOAD_HOOKS.put("ten", loads::incrementAndGet);
    addChain();
    add("q", pipeline("a", first("a", "ten")), Stage.STAGE_PRODUCTION);
    harness.awaitProduction("q", 1);
    assertThat(loads.get()).isEqualTo(1);

    UnloadRequest unload =
        UnloadRequest.newBuilder()
            .setModel("ten")
            .setSelector(VersionSelector.newBuilder().setVersion(1))
            .build();
    assertThatThrownBy(() -> harness.serving().unload(unload))
        .hasMessageContaining("FAILED_PRECONDITION")
        .hasMessageContaining("is a step of a pipeline that is loaded");
    int closed = ScriptedEngine.CLOSED.get();
    UnloadRequest force = unload.toBuilder().setForce(true).build();
    assertThat(harness.serving().unload(force).getWasLoaded()).isTrue();
    assertThat(y(harness.inference().modelInfer(ask("p", "", 1)))).isEqualTo(111);
    assertThat(ScriptedEngine.CLOSED.get()).isEqualTo(closed);
    for (String model : List.of("p", "q")) {
      harness.serving().unload(force.toBuilder().setModel(model).build());
    }
    ServingHarness.await(() -> ScriptedEngine.CLOSED.get() == closed + 1);
  }

  @Test
  void goldenRequests_runThroughTheSteps() {
    GoldenRequests wrong =
        GoldenRequests.of(
            new GoldenCase(
                "one",
                List.of(Tensor.ofFloats("x", Shape.of(1), 1f)),
                Map.of(),
                List.of(Tensor.ofFloats("y", Shape.of(1), 112f)),
                0,
                0));
    add("p", MLmodel.builder().flavor(chain().toFlavor()), wrong, Stage.STAGE_PRODUCTION);

    ServingHarness.await(() -> describe("p").getVersion().hasLastError());

    assertThat(describe("p").getVersion().getLastError().getMessage())
        .contains("golden request \"one\"");
    // Its steps are kept for others, like anything that a request loaded.
    assertThat(describe("ten").getVersion().getMemoryBytes()).isPositive();
  }

  @Test
  void failureOfAStep_namesItAndNobodyElseFails() throws Exception {
    addChain();
    ScriptedEngine.HOOKS.put(
        "hundred",
        request -> {
          throw new IllegalStateException("the weights are odd");
        });

    assertThatThrownBy(() -> harness.inference().modelInfer(ask("p", "", 1)))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("INTERNAL")
        .hasMessageContaining("step \"b\" of p/1: hundred/1 failed on the request")
        .hasMessageContaining("the weights are odd");
    assertThat(describe("p").getStatistics().getFailures()).isEqualTo(1);
    ScriptedEngine.HOOKS.clear();
    assertThat(y(harness.inference().modelInfer(ask("p", "", 1)))).isEqualTo(111);
  }

  @Test
  void deadlineAndCancellation_keepLaterStepsFromRunning() throws Exception {
    addChain();
    AtomicInteger begun = hold("ten");
    AtomicInteger later = new AtomicInteger();
    ScriptedEngine.HOOKS.put(
        "hundred",
        request -> {
          later.incrementAndGet();
          return request;
        });

    // The server hears of a cancellation after the caller has: until it does so in time.
    int tries = 0;
    int ran;
    do {
      int held = ++tries;
      ran = later.get();
      long expired = describe("p").getStatistics().getExpirations();
      int before = ran;
      Context.CancellableContext caller = Context.current().withCancellation();
      Future<ModelInferResponse> cancelled = caller.call(() -> askLater("p", 1));
      ServingHarness.await(() -> begun.get() == held);
      caller.cancel(null);
      ServingHarness.await(cancelled::isDone);
      gate.release();
      ServingHarness.await(
          () -> later.get() > before || describe("p").getStatistics().getExpirations() > expired);
    } while (later.get() > ran);

    ServingHarness.await(() -> describe("p").getVersion().getRunningRequests() == 0);
    assertThatThrownBy(
            () ->
                ServingServiceGrpc.newBlockingStub(harness.channel())
                    .withDeadlineAfter(1, TimeUnit.NANOSECONDS)
                    .predict(request("p", 1)))
        .hasMessageContaining("DEADLINE_EXCEEDED");
    assertThat(later.get()).isEqualTo(ran);
  }

  @Test
  void profile_tellsTheTimeOfEachStep() throws Exception {
    add("p", chain(), Stage.STAGE_NONE);
    add("outer", pipeline("in", first("in", "p")), Stage.STAGE_PRODUCTION);
    harness.awaitProduction("outer", 1);
    ScriptedEngine.HOOKS.put(
        "hundred",
        request -> {
          // More than any other step takes on a busy machine.
          java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
          return request;
        });
    Future<ProfileResponse> profile =
        ServingServiceGrpc.newFutureStub(harness.channel())
            .withDeadlineAfter(20, TimeUnit.SECONDS)
            .profile(
                ProfileRequest.newBuilder()
                    .setModel("outer")
                    .setMaxRequests(3)
                    .setDuration(com.google.protobuf.Duration.newBuilder().setSeconds(20))
                    .build());
    while (!profile.isDone()) {
      assertThat(y(harness.inference().modelInfer(ask("outer", "", 1)))).isEqualTo(111);
    }

    List<StepProfile> steps = profile.get().getStepsList();
    assertThat(steps)
        .extracting(StepProfile::getStep)
        .containsExactlyInAnyOrder("outer", "in", "in/a", "in/b");
    assertThat(steps.get(0).getStep()).isEqualTo("in/b");
    assertThat(steps.get(0).getModel()).isEqualTo("hundred");
    // The rows of the first request may have been counted when the recording began.
    assertThat(steps).allMatch(step -> step.getCalls() == 3 && step.getRows() >= 2);
    assertThat(steps.stream().mapToDouble(StepProfile::getNetShare).sum())
        .isCloseTo(1, org.assertj.core.data.Offset.offset(1e-9));
  }

  @Test
  void answersOfSteps_areKeptWhereTheirModelsAskForIt() {
    harness.addDeterministic("kept", 1, "kept", Stage.STAGE_NONE);
    harness.registry.setTags("kept", Map.of("slipway.serving.cache.enabled", "true"));
    add("p", pipeline("b", first("a", "kept"), after("b", "ten", "a")), Stage.STAGE_PRODUCTION);
    harness.awaitProduction("p", 1);
    AtomicInteger computed = new AtomicInteger();
    ScriptedEngine.HOOKS.put(
        "kept",
        request -> {
          computed.incrementAndGet();
          return request;
        });

    assertThat(value(harness.serving().predict(request("p", 5)))).isEqualTo(16);
    assertThat(value(harness.serving().predict(request("p", 5)))).isEqualTo(16);
    assertThat(computed.get()).isEqualTo(1);
    PredictRequest forced =
        request("p", 5).toBuilder()
            .setOptions(dev.slipway.serving.v1.PredictOptions.newBuilder().setForceCompute(true))
            .build();
    assertThat(value(harness.serving().predict(forced))).isEqualTo(16);
    assertThat(computed.get()).isEqualTo(2);
  }

  @Test
  void validateVersion_tellsEverythingThatDoesNotFit() {
    TensorSchema doubles = TensorSchema.of(TensorSpec.of("x", DataType.FP64, Shape.of(-1)));
    PipelineDefinition misfit =
        new PipelineDefinition(
            List.of(
                PipelineStep.of("a", "ten", 1, Map.of("x", TensorSource.input("x"))),
                PipelineStep.of(
                    "b",
                    "hundred",
                    1,
                    Map.of(
                        "x", TensorSource.output("a", "z"),
                        "w", TensorSource.output("a", "y")))),
            Map.of("y", TensorSource.output("b", "nothing")));
    add(
        "p",
        MLmodel.builder()
            .flavor(misfit.toFlavor())
            .signature(
                new ModelSignature(
                    Optional.of(doubles),
                    Optional.empty(),
                    List.of(ParamSpec.of("heat", ScalarType.DOUBLE, 1.0)))),
        GoldenRequests.none(),
        Stage.STAGE_NONE);

    CheckResult result = check("p");

    assertThat(result.getPassed()).isFalse();
    assertThat(result.getMessage())
        .contains("steps[0].inputs.x does not fit ten/1: \"x\" is FP64, expected FP32")
        .contains("steps[1].inputs.x comes from a.z; ten/1 gives [y]")
        .contains("outputs.y comes from b.nothing; hundred/1 gives [y]")
        .contains("signature.params.heat is declared, but by no step");
    add("fit", chain(), Stage.STAGE_NONE);
    assertThat(check("fit").getPassed()).isTrue();
  }

  @Test
  void validateVersion_refusesUnknownStepsAndOtherPackages() {
    PipelineStep other =
        new PipelineStep("c", "ten", 1, Optional.of("0".repeat(64)), Optional.empty());
    add(
        "p",
        new PipelineDefinition(
            List.of(PipelineStep.of("a", "nobody", 1), PipelineStep.of("b", "ten", 7), other),
            Map.of(
                "a", TensorSource.output("a", "y"),
                "b", TensorSource.output("b", "y"),
                "c", TensorSource.output("c", "y"))),
        Stage.STAGE_NONE);

    CheckResult result = check("p");

    assertThat(result.getPassed()).isFalse();
    assertThat(result.getMessage())
        .contains("steps[0].model is models:/nobody/1: ")
        .contains("steps[1].model is models:/ten/7: ")
        .contains("steps[2].digest is not that of ten/1, whose package is ");
  }

  @Test
  void pipelinesThatAreStepsOfEachOther_areRefused() {
    add("q", pipeline("a", first("a", "p")), Stage.STAGE_NONE);
    add("p", pipeline("a", first("a", "q")), Stage.STAGE_NONE);
    add("self", pipeline("a", first("a", "self")), Stage.STAGE_NONE);

    assertThat(check("p").getMessage()).contains("is a step of itself").contains("q/1 -> p/1");
    assertThat(check("self").getMessage())
        .contains("the pipeline is a step of itself: self/1 -> self/1");
  }

  @Test
  void pipelinesTooDeepInEachOther_areRefused() {
    String inner = "ten";
    for (int i = 1; i <= 9; i++) {
      add("p" + i, pipeline("a", first("a", inner)), Stage.STAGE_NONE);
      inner = "p" + i;
    }

    assertThat(check("p8").getPassed()).isTrue();
    assertThat(check("p9").getMessage()).contains("steps lie 9 pipelines deep; at most 8 may");
  }

  @Test
  void stepThatCannotBeFetchedNow_isTriedAgain() {
    harness.artifacts.away = true;
    CountDownLatch asked = new CountDownLatch(1);
    ScriptedEngine.LOAD_HOOKS.put("ten", asked::countDown);
    add("p", chain(), Stage.STAGE_PRODUCTION);
    ServingHarness.await(() -> describe("p").getVersion().hasLastError());
    harness.artifacts.away = false;

    harness.awaitProduction("p", 1);

    assertThat(asked.getCount()).isZero();
  }
}

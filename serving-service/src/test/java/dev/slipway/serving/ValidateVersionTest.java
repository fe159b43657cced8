package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.packaging.GoldenRequests;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.registry.v1.SignatureDifference;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.CheckResult;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.GoldenResult;
import dev.slipway.serving.v1.ListModelsRequest;
import dev.slipway.serving.v1.OutputDeviation;
import dev.slipway.serving.v1.ServedVersion;
import dev.slipway.serving.v1.ValidateVersionRequest;
import dev.slipway.serving.v1.ValidateVersionResponse;
import dev.slipway.serving.v1.ValidationCheck;
import dev.slipway.serving.v1.VersionSelector;
import dev.slipway.serving.v1.VersionState;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ValidateVersionTest {
  @TempDir Path folder;

  private ServingHarness harness;
  private int packages;

  @BeforeEach
  void start() {
    harness = new ServingHarness(folder.resolve("serving"));
  }

  @AfterEach
  void stop() {
    ScriptedEngine.LOAD_HOOKS.clear();
    harness.close();
  }

  /** Registers a version that adds a constant and declares a signature. */
  private long add(double add, DataType declared, double goldenAdd, Stage stage) {
    MLmodel mlmodel =
        MLmodel.builder()
            .flavor(new Flavor("scripted", Map.of("add", add, "hook", "validated")))
            .signature(
                ModelSignature.of(
                    TensorSchema.of(TensorSpec.of("x", DataType.FP32, Shape.of(-1))),
                    TensorSchema.of(TensorSpec.of("y", declared, Shape.of(-1)))))
            .build();
    ModelPackage written =
        ModelPackage.builder(mlmodel)
            .file("weights.bin", new byte[] {(byte) add})
            .goldenRequests(
                GoldenRequests.of(
                    new GoldenCase(
                        "three",
                        List.of(Tensor.ofFloats("x", Shape.of(3), 1f, 2f, 3f)),
                        Map.of(),
                        List.of(
                            Tensor.ofFloats(
                                "y",
                                Shape.of(3),
                                (float) (1 + add),
                                (float) (2 + goldenAdd),
                                (float) (3 + add))),
                        1e-6,
                        0)))
            .writeTo(folder.resolve("package-" + packages++));
    return harness.registry.add("m", harness.artifacts.put(written.root()), stage);
  }

  private ValidateVersionResponse validate(long version, ValidationCheck... checks) {
    return harness
        .serving()
        .validateVersion(
            ValidateVersionRequest.newBuilder()
                .setModel("m")
                .setVersion(version)
                .addAllChecks(List.of(checks))
                .build());
  }

  private static CheckResult check(ValidateVersionResponse response, ValidationCheck check) {
    return response.getChecksList().stream()
        .filter(result -> result.getCheck() == check)
        .findFirst()
        .orElseThrow();
  }

  private ServedVersion version(long number) {
    return harness
        .serving()
        .describeModel(
            DescribeModelRequest.newBuilder()
                .setModel("m")
                .setSelector(VersionSelector.newBuilder().setVersion(number))
                .build())
        .getVersion();
  }

  private void awaitKnown(long number) {
    ServingHarness.await(() -> version(number).getVersion() == number);
  }

  @Test
  void fitVersion_passesEveryCheckAndNothingChanges() {
    add(0, DataType.FP32, 0, Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    add(10, DataType.FP32, 10, Stage.STAGE_NONE);
    awaitKnown(2);
    int openBefore = ScriptedEngine.OPEN.get();
    long usedBefore = used();

    ValidateVersionResponse response = validate(2);

    assertThat(response.getPassed()).isTrue();
    assertThat(response.getChecksList())
        .extracting(CheckResult::getCheck)
        .containsExactly(
            ValidationCheck.VALIDATION_CHECK_LOAD,
            ValidationCheck.VALIDATION_CHECK_GOLDEN,
            ValidationCheck.VALIDATION_CHECK_SIGNATURE,
            ValidationCheck.VALIDATION_CHECK_TENSORS,
            ValidationCheck.VALIDATION_CHECK_PIPELINE);
    assertThat(response.getBaselineVersion()).isEqualTo(1);
    assertThat(response.getPackageDigest()).isEqualTo(version(2).getPackageDigest());
    assertThat(response.hasLoadDuration()).isTrue();
    assertThat(response.getMemoryBytes()).isPositive();
    CheckResult signature = check(response, ValidationCheck.VALIDATION_CHECK_SIGNATURE);
    assertThat(signature.getSignatureDiff().getBackwardCompatible()).isTrue();
    assertThat(signature.getSignatureDiff().getDifferencesCount()).isZero();
    assertThat(version(2).getState()).isEqualTo(VersionState.VERSION_STATE_AVAILABLE);
    assertThat(ScriptedEngine.OPEN.get()).isEqualTo(openBefore);
    assertThat(used()).isEqualTo(usedBefore);
  }

  private long used() {
    return harness
        .serving()
        .listModels(ListModelsRequest.getDefaultInstance())
        .getMemoryUsedBytes();
  }

  @Test
  void loadedVersion_isCheckedWhereItIs() {
    add(0, DataType.FP32, 0, Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    int openBefore = ScriptedEngine.OPEN.get();

    ValidateVersionResponse response =
        validate(1, ValidationCheck.VALIDATION_CHECK_GOLDEN, ValidationCheck.VALIDATION_CHECK_LOAD);

    assertThat(response.getPassed()).isTrue();
    assertThat(response.getChecksCount()).isEqualTo(2);
    assertThat(response.hasLoadDuration()).isFalse();
    assertThat(response.getMemoryBytes()).isEqualTo(version(1).getMemoryBytes());
    assertThat(ScriptedEngine.OPEN.get()).isEqualTo(openBefore);
    assertThat(version(1).getState()).isEqualTo(VersionState.VERSION_STATE_READY);
  }

  @Test
  void missedGoldenRequest_isAFailedCheckThatTellsHowFarItIsOff() {
    add(10, DataType.FP32, 14, Stage.STAGE_NONE);
    awaitKnown(1);

    ValidateVersionResponse response = validate(1);

    assertThat(response.getPassed()).isFalse();
    assertThat(check(response, ValidationCheck.VALIDATION_CHECK_LOAD).getPassed()).isTrue();
    CheckResult golden = check(response, ValidationCheck.VALIDATION_CHECK_GOLDEN);
    assertThat(golden.getPassed()).isFalse();
    GoldenResult three = golden.getGolden(0);
    assertThat(three.getName()).isEqualTo("three");
    OutputDeviation output = three.getOutputs(0);
    assertThat(output.getOutput()).isEqualTo("y");
    assertThat(output.getMaxAbsolute()).isEqualTo(4);
    assertThat(output.getMaxRelative()).isEqualTo(0.25);
    assertThat(output.getMismatches()).isEqualTo(1);
    assertThat(output.getElements()).isEqualTo(3);
    assertThat(output.getWorstIndex()).isEqualTo(1);
    assertThat(version(1).getState()).isEqualTo(VersionState.VERSION_STATE_AVAILABLE);
    assertThat(version(1).hasLastError()).isFalse();
  }

  @Test
  void otherSignatureThanTheBaseline_failsWithTheDifferences() {
    add(0, DataType.FP32, 0, Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    add(10, DataType.FP64, 10, Stage.STAGE_NONE);
    awaitKnown(2);

    ValidateVersionResponse response = validate(2);

    CheckResult signature = check(response, ValidationCheck.VALIDATION_CHECK_SIGNATURE);
    assertThat(signature.getPassed()).isFalse();
    SignatureDifference difference = signature.getSignatureDiff().getDifferences(0);
    assertThat(difference.getPath()).isEqualTo("outputs[y]");
    assertThat(difference.getKind()).isEqualTo(SignatureDifference.Kind.KIND_TYPE_CHANGED);
    CheckResult tensors = check(response, ValidationCheck.VALIDATION_CHECK_TENSORS);
    assertThat(tensors.getPassed()).isFalse();
    assertThat(tensors.getMessage()).contains("y: declared float64, the model gives FP32");
  }

  @Test
  void versionThatCannotBeLoaded_failsEveryCheckAndIsNotMarkedFailed() {
    ScriptedEngine.LOAD_HOOKS.put(
        "validated",
        () -> {
          throw new IllegalStateException("the weights are odd");
        });
    add(10, DataType.FP32, 10, Stage.STAGE_NONE);
    awaitKnown(1);

    ValidateVersionResponse response = validate(1);

    assertThat(response.getPassed()).isFalse();
    assertThat(response.getChecksList()).noneMatch(CheckResult::getPassed);
    assertThat(check(response, ValidationCheck.VALIDATION_CHECK_LOAD).getMessage())
        .contains("the weights are odd");
    assertThat(version(1).getState()).isEqualTo(VersionState.VERSION_STATE_AVAILABLE);
  }

  @Test
  void packageThatCannotBeFetched_isUnavailable() {
    harness.artifacts.away = true;
    add(10, DataType.FP32, 10, Stage.STAGE_NONE);
    awaitKnown(1);

    assertThatThrownBy(() -> validate(1)).hasMessageContaining("UNAVAILABLE");
    harness.artifacts.away = false;
    assertThat(validate(1).getPassed()).isTrue();
  }

  @Test
  void badRequests_areRefused() {
    add(10, DataType.FP32, 10, Stage.STAGE_NONE);
    awaitKnown(1);

    assertThatThrownBy(
            () ->
                harness
                    .serving()
                    .validateVersion(
                        ValidateVersionRequest.newBuilder()
                            .addChecks(ValidationCheck.VALIDATION_CHECK_LOAD)
                            .addChecks(ValidationCheck.VALIDATION_CHECK_LOAD)
                            .build()))
        .hasMessageContaining("INVALID_ARGUMENT")
        .hasMessageContaining("model")
        .hasMessageContaining("version")
        .hasMessageContaining("checks[1]");
    assertThatThrownBy(
            () ->
                harness
                    .serving()
                    .validateVersion(
                        ValidateVersionRequest.newBuilder()
                            .setModel("m")
                            .setVersion(1)
                            .addChecks(ValidationCheck.VALIDATION_CHECK_UNSPECIFIED)
                            .setBaseline(VersionSelector.newBuilder().setVersion(-1))
                            .build()))
        .hasMessageContaining("checks[0]")
        .hasMessageContaining("baseline.version");
    assertThatThrownBy(() -> validate(7)).hasMessageContaining("NOT_FOUND");
  }
}

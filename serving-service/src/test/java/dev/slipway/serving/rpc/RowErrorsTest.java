package dev.slipway.serving.rpc;

import static dev.slipway.serving.rpc.ServingServiceTest.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.rpc.Code;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.Column;
import dev.slipway.serving.v1.DataFrame;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.DoubleValues;
import dev.slipway.serving.v1.Int64Values;
import dev.slipway.serving.v1.PredictOptions;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.RowError;
import dev.slipway.serving.v1.Tensors;
import dev.slipway.serving.v1.VersionState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults of single rows, answered per row. */
class RowErrorsTest {
  private static final float BAD = 13;

  @TempDir Path folder;

  private final AtomicInteger calls = new AtomicInteger();
  private ServingHarness harness;

  @BeforeEach
  void start() {
    harness = new ServingHarness(folder);
    harness.addDeterministic("m", 10, "picky", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    ScriptedEngine.HOOKS.put(
        "picky",
        request -> {
          calls.incrementAndGet();
          for (float value : request.inputs().get(0).toFloats()) {
            if (value == BAD) {
              throw new IllegalStateException("thirteen");
            }
          }
          return request;
        });
  }

  @AfterEach
  void stop() {
    harness.close();
    ScriptedEngine.HOOKS.clear();
  }

  private PredictResponse predict(float... x) {
    return harness
        .serving()
        .predict(
            PredictRequest.newBuilder()
                .setModel("m")
                .setTensors(Tensors.newBuilder().addTensors(floats("x", x)))
                .setOptions(PredictOptions.newBuilder().setRowErrors(true))
                .build());
  }

  private static float[] y(PredictResponse response) {
    return floats(response.getTensors().getTensors(0));
  }

  @Test
  void rowsOnWhichTheModelFails_areNamedAndTheOthersPredicted() {
    PredictResponse response = predict(1, 2, BAD, 4, 5, BAD, 7);

    assertThat(y(response)).containsExactly(11, 12, 0, 14, 15, 0, 17);
    assertThat(response.getTensors().getTensors(0).getShapeList()).containsExactly(7L);
    assertThat(response.getRowErrorsList()).extracting(RowError::getRow).containsExactly(2L, 5L);
    assertThat(response.getRowErrorsList())
        .allMatch(error -> error.getStatus().getCode() == Code.INTERNAL_VALUE)
        .allMatch(error -> error.getField().isEmpty());
  }

  @Test
  void requestWithoutFaults_isOneEngineCall() {
    PredictResponse response = predict(1, 2, 3);

    assertThat(y(response)).containsExactly(11, 12, 13);
    assertThat(response.getRowErrorsList()).isEmpty();
    assertThat(calls).hasValue(1);
  }

  @Test
  void requestWithFaultsOnly_isAnsweredWithZeros() {
    PredictResponse response = predict(BAD, BAD);

    assertThat(y(response)).containsExactly(0, 0);
    assertThat(response.getRowErrorsList()).hasSize(2);
    assertThat(response.getProvenance().getCacheHit()).isFalse();
  }

  @Test
  void faultyRow_isFoundInFewCalls() {
    float[] x = new float[1024];
    x[700] = BAD;

    assertThat(predict(x).getRowErrorsList()).extracting(RowError::getRow).containsExactly(700L);

    // Two for each halving.
    assertThat(calls.get()).isLessThanOrEqualTo(21);
  }

  @Test
  void moreFaultyRowsThanAreLookedFor_failTheRequest() {
    float[] x = new float[3_000];
    java.util.Arrays.fill(x, BAD);

    assertThatThrownBy(() -> predict(x)).hasMessageContaining("INTERNAL");
  }

  @Test
  void modelWithoutARowForEachRow_answersAsWithoutRowErrors() {
    ScriptedEngine.HOOKS.put(
        "picky",
        request ->
            new dev.slipway.engine.predictor.PredictRequest(
                List.of(Tensor.ofFloats("x", Shape.of(1), 5)), Map.of(), List.of()));

    PredictResponse response = predict(1, 2, 3);

    assertThat(y(response)).containsExactly(15);
    assertThat(response.getRowErrorsList()).isEmpty();
  }

  @Test
  void moreRowsThanMayBeLookedAt_areRefused() {
    assertThatThrownBy(() -> predict(new float[10_001])).hasMessageContaining("INVALID_ARGUMENT");
    assertThat(calls).hasValue(0);
  }

  @Test
  void faultyRows_areNotKeptInTheCache() {
    harness.registry.setTags("m", Map.of("slipway.serving.cache.enabled", "true"));
    ServingHarness.await(
        () ->
            harness
                .serving()
                .describeModel(DescribeModelRequest.newBuilder().setModel("m").build())
                .getSettings()
                .getCache()
                .getEnabled());
    predict(1, BAD, 3);
    calls.set(0);

    PredictResponse good = predict(1, 3);
    PredictResponse again = predict(1, BAD, 3);

    assertThat(good.getProvenance().getCacheHit()).isTrue();
    assertThat(y(again)).containsExactly(11, 0, 13);
    assertThat(again.getRowErrorsList()).hasSize(1);
    assertThat(again.getProvenance().getCacheHit()).isFalse();
    assertThat(calls.get()).isPositive();
  }

  private void addTwoColumns() {
    MLmodel mlmodel =
        MLmodel.builder()
            .flavor(Flavor.onnx("model.onnx", "1.23.2"))
            .signature(
                ModelSignature.parse(
                    Optional.of(
                        "[{\"name\": \"a\", \"type\": \"long\"}, {\"name\": \"b\", \"type\":"
                            + " \"double\"}]"),
                    Optional.empty(),
                    Optional.empty()))
            .build();
    ModelPackage written =
        ModelPackage.builder(mlmodel)
            .file("model.onnx", Path.of("src/test/models/two_in_two_out.onnx"))
            .writeTo(folder.resolve("columns"));
    harness.registry.add("two", harness.artifacts.put(written.root()), Stage.STAGE_PRODUCTION);
    ServingHarness.await(
        () ->
            harness
                    .serving()
                    .describeModel(DescribeModelRequest.newBuilder().setModel("two").build())
                    .getVersion()
                    .getState()
                == VersionState.VERSION_STATE_READY);
  }

  private static PredictRequest.Builder frame(List<Integer> missing) {
    Column a =
        Column.newBuilder()
            .setName("a")
            .setInt64S(Int64Values.newBuilder().addAllValues(List.of(1L, 50L, 9L, 4L)))
            .addAllNullRows(missing)
            .build();
    Column b =
        Column.newBuilder()
            .setName("b")
            .setDoubles(DoubleValues.newBuilder().addAllValues(List.of(2.0, 3.5, 100.0, 1.0)))
            .build();
    return PredictRequest.newBuilder()
        .setModel("two")
        .setDataFrame(DataFrame.newBuilder().addColumns(a).addColumns(b));
  }

  @Test
  void valueThatIsMissing_isTheFaultOfItsRow() {
    addTwoColumns();
    DataFrame whole = harness.serving().predict(frame(List.of()).build()).getDataFrame();

    assertThatThrownBy(() -> harness.serving().predict(frame(List.of(1, 3)).build()))
        .hasMessageContaining("INVALID_ARGUMENT");
    PredictResponse response =
        harness
            .serving()
            .predict(
                frame(List.of(1, 3))
                    .setOptions(PredictOptions.newBuilder().setRowErrors(true))
                    .build());

    assertThat(response.getRowErrorsList()).extracting(RowError::getRow).containsExactly(1L, 3L);
    assertThat(response.getRowErrorsList())
        .allMatch(error -> error.getField().equals("a"))
        .allMatch(error -> error.getStatus().getCode() == Code.INVALID_ARGUMENT_VALUE);
    DataFrame answered = response.getDataFrame();
    assertThat(answered.getRowCount()).isEqualTo(4);
    for (int i = 0; i < whole.getColumnsCount(); i++) {
      assertThat(answered.getColumns(i).getNullRowsList()).containsExactly(1, 3);
      List<Object> expected = values(whole.getColumns(i));
      List<Object> actual = values(answered.getColumns(i));
      assertThat(actual).hasSize(4);
      assertThat(List.of(actual.get(0), actual.get(2)))
          .isEqualTo(List.of(expected.get(0), expected.get(2)));
    }
  }

  private static List<Object> values(Column column) {
    return new ArrayList<>(
        switch (column.getValuesCase()) {
          case BOOLS -> column.getBools().getValuesList();
          case INT64S -> column.getInt64S().getValuesList();
          case DOUBLES -> column.getDoubles().getValuesList();
          case FLOATS -> column.getFloats().getValuesList();
          default -> throw new AssertionError(column);
        });
  }
}

package dev.slipway.engine.signature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.SignatureViolation;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SignatureChecksTest {

  private static final SignatureChecks TENSORS =
      SignatureChecks.ofSchema(
          TensorSchema.of(
              TensorSpec.of("x", DataType.FP32, Shape.of(-1, 4)),
              TensorSpec.of("k", DataType.INT64, Shape.of(-1))),
          "input");

  private static final SignatureChecks TABLE =
      SignatureChecks.ofSchema(
          ColumnSchema.of(
              ColumnSpec.of("a", ScalarType.DOUBLE),
              new ColumnSpec(Optional.of("b"), ScalarType.DOUBLE, false),
              ColumnSpec.of("c", ScalarType.DOUBLE)),
          "input");

  private static final SignatureChecks MIXED =
      SignatureChecks.ofSchema(
          ColumnSchema.of(
              ColumnSpec.of("age", ScalarType.FLOAT), ColumnSpec.of("city", ScalarType.STRING)),
          "input");

  private static Tensor floats(String name, long... shape) {
    return Tensor.ofFloats(name, Shape.of(shape), new float[(int) Shape.of(shape).elementCount()]);
  }

  private static Tensor doubles(String name, long... shape) {
    return Tensor.ofDoubles(
        name, Shape.of(shape), new double[(int) Shape.of(shape).elementCount()]);
  }

  private static Tensor longs(String name, long... shape) {
    return Tensor.ofLongs(name, Shape.of(shape), new long[(int) Shape.of(shape).elementCount()]);
  }

  static List<Arguments> violations() {
    return List.of(
        Arguments.of(
            TENSORS,
            List.of(),
            List.of("inputs: missing input \"x\": FP32 [-1, 4]", "inputs: missing input \"k\"")),
        Arguments.of(
            TENSORS,
            List.of(floats("x", 2, 4)),
            List.of("inputs: missing input \"k\": INT64 [-1]")),
        Arguments.of(
            TENSORS,
            List.of(floats("x", 2, 4), longs("k", 2), floats("z", 1)),
            List.of("inputs[2].name: unknown input \"z\"; the model takes [x, k]")),
        Arguments.of(
            TENSORS,
            List.of(floats("x", 2, 4), longs("k", 2), longs("k", 2)),
            List.of("inputs[2].name: \"k\" is given twice, first as inputs[1]")),
        Arguments.of(
            TENSORS,
            List.of(longs("k", 2), doubles("x", 2, 4)),
            List.of("inputs[1].datatype: \"x\" is FP64, expected FP32")),
        Arguments.of(
            TENSORS,
            List.of(longs("k", 2), floats("x", 8)),
            List.of("inputs[1].shape: \"x\" has 1 dimensions [8], expected 2: [-1, 4]")),
        Arguments.of(
            TENSORS,
            List.of(longs("k", 2), floats("x", 2, 5)),
            List.of("inputs[1].shape: \"x\" has 5 at dimension 1 of [2, 5], expected 4: [-1, 4]")),
        Arguments.of(
            TENSORS,
            List.of(longs("k", 3), floats("x", 2, 4)),
            List.of("inputs[0].shape: \"k\" has 3 rows, but \"x\" has 2")),
        Arguments.of(
            TENSORS,
            List.of(floats("k", 1, 1), doubles("x", 2, 5), floats("q", 1)),
            List.of(
                "inputs[0].datatype",
                "inputs[0].shape",
                "inputs[1].datatype",
                "inputs[1].shape",
                "inputs[2].name")),
        Arguments.of(
            TABLE,
            List.of(doubles("a", 2), doubles("c", 3)),
            List.of("inputs[1].shape: \"c\" has 3 rows, but \"a\" has 2")),
        Arguments.of(
            TABLE,
            List.of(doubles("a", 2, 2), floats("c", 2)),
            List.of(
                "inputs[0].shape: \"a\" has the shape [2, 2], expected [batch] or [batch, 1]",
                "inputs[1].datatype")),
        Arguments.of(
            TABLE,
            List.of(doubles("b", 2, 1)),
            List.of("inputs: missing input \"a\"", "inputs: missing input \"c\"")),
        Arguments.of(
            TABLE,
            List.of(doubles("m", 2, 4)),
            List.of(
                "inputs[0].shape: \"m\" has the shape [2, 4]; the model takes a matrix [batch,"
                    + " 3]")),
        Arguments.of(
            TABLE,
            List.of(longs("m", 3)),
            List.of(
                "inputs[0].datatype: \"m\" is INT64; the model takes a matrix of [FP32, FP64]",
                "inputs[0].shape")),
        Arguments.of(
            MIXED,
            List.of(floats("m", 2, 2)),
            List.of("inputs[0].name: unknown input \"m\"", "inputs: missing", "inputs: missing")));
  }

  @ParameterizedTest
  @MethodSource("violations")
  void check_findsEveryViolationAtOnce(
      SignatureChecks checks, List<Tensor> inputs, List<String> expected) {
    assertThatThrownBy(() -> checks.check(inputs))
        .isInstanceOfSatisfying(
            InvalidInputException.class,
            e -> {
              List<String> found = e.violations().stream().map(SignatureChecksTest::line).toList();
              assertThat(found).hasSameSizeAs(expected);
              for (int i = 0; i < expected.size(); i++) {
                assertThat(found.get(i)).startsWith(expected.get(i));
              }
            });
  }

  private static String line(SignatureViolation violation) {
    return violation.field() + ": " + violation.description();
  }

  @Test
  void check_ordersTheTensorsAsTheModelDoes() {
    CheckedInputs checked = TENSORS.check(List.of(longs("k", 2), floats("x", 2, 4)));
    assertThat(checked.tensors()).extracting(Tensor::name).containsExactly("x", "k");
    assertThat(checked.rows()).hasValue(2);
  }

  @Test
  void check_acceptsAnEmptyBatch() {
    assertThat(TENSORS.check(List.of(longs("k", 0), floats("x", 0, 4))).rows()).hasValue(0);
  }

  @Test
  void check_ofAnUnnamedTensor_takesAnyName() {
    SignatureChecks checks =
        SignatureChecks.ofSchema(
            TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(-1, 4))), "input");
    assertThat(checks.check(List.of(floats("whatever", 1, 4))).tensors())
        .extracting(Tensor::name)
        .containsExactly("input");
    assertThatThrownBy(() -> checks.check(List.of(floats("a", 1, 4), floats("b", 1, 4))))
        .isInstanceOf(InvalidInputException.class);
  }

  @Test
  void check_ofATable_takesColumnsOrOneMatrix() {
    assertThat(TABLE.check(List.of(doubles("c", 2, 1), doubles("a", 2))).tensors())
        .extracting(Tensor::name)
        .containsExactly("a", "c");
    assertThat(TABLE.check(List.of(floats("m", 5, 3))).rows()).hasValue(5);
    assertThat(TABLE.check(List.of(doubles("a", 5, 3))).rows()).hasValue(5);
    assertThat(TABLE.acceptsMatrix()).isTrue();
    assertThat(MIXED.acceptsMatrix()).isFalse();
  }

  @Test
  void check_ofWholeNumberColumns_takesAMatrixOfTheirType() {
    SignatureChecks checks =
        SignatureChecks.ofSchema(
            ColumnSchema.of(
                ColumnSpec.unnamed(ScalarType.LONG), ColumnSpec.unnamed(ScalarType.LONG)),
            "input");
    assertThat(checks.check(List.of(longs("m", 1, 2))).rows()).hasValue(1);
    assertThat(checks.check(List.of(longs("column_1", 4), longs("column_0", 4))).rows())
        .hasValue(4);
  }

  @Test
  void ofSchema_ofTypesWithoutTensorForm_isUnsupported() {
    assertThatThrownBy(
            () ->
                SignatureChecks.ofSchema(
                    ColumnSchema.of(ColumnSpec.of("n", new ColumnType.ArrayType(ScalarType.LONG))),
                    "input"))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("\"n\"".substring(1, 2));
    assertThatThrownBy(
            () ->
                SignatureChecks.ofSchema(
                    TensorSchema.of(new TensorSpec(Optional.empty(), "complex64", Shape.of(-1))),
                    "input"))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("complex64");
  }

  @Test
  void batched_onlyWhenEveryFirstDimensionIsOpen() {
    assertThat(TENSORS.batched()).isTrue();
    SignatureChecks fixed =
        SignatureChecks.ofSchema(
            TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(2, 3))), "input");
    assertThat(fixed.batched()).isFalse();
    assertThat(fixed.check(List.of(floats("x", 2, 3))).rows()).isEmpty();
  }

  private static TensorMetadata tensor(String name, DataType datatype, long... shape) {
    return new TensorMetadata(name, datatype, Shape.of(shape));
  }

  private static List<String> misfits(SignatureChecks checks, TensorMetadata... offered) {
    return checks.misfits(List.of(offered)).stream()
        .map(violation -> violation.field() + ": " + violation.description())
        .toList();
  }

  @Test
  void misfits_sizesThatOnlyARequestFixes_mayComeToFit() {
    assertThat(misfits(TENSORS, tensor("x", DataType.FP32, -1, -1), tensor("k", DataType.INT64, 3)))
        .isEmpty();
    assertThat(misfits(TABLE, tensor("anything", DataType.FP32, -1, -1))).isEmpty();
    assertThat(misfits(TABLE, tensor("a", DataType.FP64, -1, -1), tensor("c", DataType.FP64, -1)))
        .isEmpty();
  }

  @Test
  void misfits_whatNoRequestCouldMend_isTold() {
    assertThat(
            misfits(
                TENSORS, tensor("x", DataType.FP64, -1, 5), tensor("other", DataType.INT64, -1)))
        .satisfiesExactly(
            first ->
                assertThat(first).isEqualTo("inputs[0].datatype: \"x\" is FP64, expected FP32"),
            second -> assertThat(second).startsWith("inputs[0].shape: \"x\" has 5 at dimension 1"),
            third -> assertThat(third).startsWith("inputs[1].name: unknown input \"other\""),
            fourth -> assertThat(fourth).startsWith("inputs: missing input \"k\""));
    assertThat(misfits(TABLE, tensor("m", DataType.BYTES, -1, 4))).hasSize(2);
    assertThat(misfits(TABLE, tensor("a", DataType.FP64, -1)))
        .singleElement()
        .asString()
        .startsWith("inputs: missing input \"c\"");
  }
}

package dev.slipway.gateway.scoring;

import static dev.slipway.gateway.scoring.ScoringModels.column;
import static dev.slipway.gateway.scoring.ScoringModels.listColumn;
import static dev.slipway.gateway.scoring.ScoringModels.ofColumns;
import static dev.slipway.gateway.scoring.ScoringModels.ofTensors;
import static dev.slipway.gateway.scoring.ScoringModels.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.TextFormat;
import dev.slipway.registry.v1.ScalarType;
import dev.slipway.serving.v1.DataFrame;
import dev.slipway.serving.v1.DataType;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.Tensor;
import dev.slipway.serving.v1.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScoringInputsTest {
  private static final ScoringInputs AGE_AND_NAME =
      ofColumns(
          column("age", ScalarType.SCALAR_TYPE_LONG, true),
          column("name", ScalarType.SCALAR_TYPE_STRING, false));
  private static final ScoringInputs MATRIX = ofTensors(tensor("x", DataType.DATA_TYPE_FP32));
  private static final ScoringInputs TWO =
      ofTensors(tensor("a", DataType.DATA_TYPE_INT8), tensor("b", DataType.DATA_TYPE_BYTES));

  private static PredictRequest read(ScoringInputs inputs, String json) {
    PredictRequest.Builder request = PredictRequest.newBuilder();
    inputs.readJson(json, request);
    return request.build();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'dataframe_split': {'columns': ['name', 'age'], 'data': [['Ada', 36], [null, 7]]}}",
        "{'dataframe_split': {'index': [5, 9], 'columns': ['name', 'age'], 'data': [['Ada', 36],"
            + " [null, 7]]}}",
        "{'dataframe_records': [{'age': 36, 'name': 'Ada', 'more': 1}, {'age': 7}]}",
        "{'instances': [{'age': 36, 'name': 'Ada'}, {'age': 7.0, 'name': null}]}",
        "[{'age': 36, 'name': 'Ada'}, {'age': 7}]",
        "[[36, 'Ada'], [7, null]]",
        "{'inputs': {'age': [36, 7], 'name': ['Ada', null]}}",
        "{'inputs': [{'age': 36, 'name': 'Ada'}, {'age': 7}]}"
      })
  void readJson_everyFormOfATable_givesTheSameFrame(String json) throws Exception {
    DataFrame frame = read(AGE_AND_NAME, json.replace('\'', '"')).getDataFrame();

    assertThat(frame)
        .isEqualTo(
            TextFormat.parse(
                """
                row_count: 2
                columns { name: "age" int64s { values: [36, 7] } }
                columns { name: "name" strings { values: ["Ada", ""] } null_rows: 1 }
                """,
                DataFrame.class));
  }

  @Test
  void readJson_columnsOfEveryType_keepsEachValue() throws Exception {
    ScoringInputs inputs =
        ofColumns(
            column("boolean", ScalarType.SCALAR_TYPE_BOOLEAN, true),
            column("integer", ScalarType.SCALAR_TYPE_INTEGER, true),
            column("long", ScalarType.SCALAR_TYPE_LONG, true),
            column("float", ScalarType.SCALAR_TYPE_FLOAT, true),
            column("double", ScalarType.SCALAR_TYPE_DOUBLE, true),
            column("string", ScalarType.SCALAR_TYPE_STRING, true),
            column("binary", ScalarType.SCALAR_TYPE_BINARY, true),
            column("datetime", ScalarType.SCALAR_TYPE_DATETIME, true),
            column("any", ScalarType.SCALAR_TYPE_ANY, true),
            listColumn("list"));

    DataFrame frame =
        read(
                inputs,
                """
                [{"boolean": true, "integer": -2147483648, "long": 9223372036854775807, "float": 0.1,
                  "double": "Infinity", "string": 5, "binary": "aGk=", "datetime": "1970-01-02T01:00:00+01:00",
                  "any": {"a": [1]}, "list": [1.5, 2]},
                 {"boolean": false, "integer": 2.0, "long": 1e3, "float": NaN, "double": null, "string": "é",
                  "binary": "", "datetime": "1970-01-01", "any": null, "list": []}]
                """)
            .getDataFrame();

    assertThat(frame)
        .isEqualTo(
            TextFormat.parse(
                """
                row_count: 2
                columns { name: "boolean" bools { values: [true, false] } }
                columns { name: "integer" int32s { values: [-2147483648, 2] } }
                columns { name: "long" int64s { values: [9223372036854775807, 1000] } }
                columns { name: "float" floats { values: [0.1, nan] } }
                columns { name: "double" doubles { values: [inf, nan] } }
                columns { name: "string" strings { values: ["5", "é"] } }
                columns { name: "binary" byte_strings { values: ["hi", ""] } }
                columns { name: "datetime" timestamps_micros { values: [86400000000, 0] } }
                columns { name: "any" json { values: ["{\\"a\\":[1]}", "null"] } null_rows: 1 }
                columns { name: "list" json { values: ["[1.5,2]", "[]"] } }
                """,
                DataFrame.class));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SCALAR_TYPE_INTEGER  | 2147483648 | a whole number of 32 bits",
        "SCALAR_TYPE_LONG     | 9223372036854775808 | a whole number of 64 bits",
        "SCALAR_TYPE_LONG     | 2.5 | a whole number",
        "SCALAR_TYPE_LONG     | 1e999999999 | a whole number",
        "SCALAR_TYPE_LONG     | \"2\" | a whole number",
        "SCALAR_TYPE_LONG     | 1e-999999999 | a whole number",
        "SCALAR_TYPE_LONG     | NaN | a whole number",
        "SCALAR_TYPE_FLOAT    | 1e300 | a number of 32 bits",
        "SCALAR_TYPE_DOUBLE   | -1e999 | a number of 64 bits",
        "SCALAR_TYPE_BOOLEAN  | 1 | true or false",
        "SCALAR_TYPE_DOUBLE   | \"1.5\" | a number",
        "SCALAR_TYPE_STRING   | [1] | text",
        "SCALAR_TYPE_BINARY   | \"$\" | base64",
        "SCALAR_TYPE_DATETIME | \"2026-13-01\" | ISO 8601",
        "SCALAR_TYPE_DATETIME | 5 | ISO 8601"
      })
  void readJson_valueOfAnotherType_saysWhereAndWhatIsAccepted(
      ScalarType type, String value, String accepted) {
    ScoringInputs inputs = ofColumns(column("c", type, true));

    assertThatThrownBy(() -> read(inputs, "{\"inputs\": {\"c\": [" + value + "]}}"))
        .isInstanceOf(ScoringException.class)
        .hasMessageContaining("inputs[0].c must be " + accepted);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{ | not JSON",
        "5 | exactly one of dataframe_split",
        "{} | exactly one of dataframe_split",
        "{'inputs': {}, 'instances': []} | exactly one of dataframe_split",
        "{'inputs': {}, 'more': 1} | the key more is unknown",
        "{'inputs': 5} | inputs must be",
        "{'inputs': {'age': [1], 'name': ['a', 'b']}} | inputs.name must be a list of 1 values",
        "[{'name': 'Ada'}] | instances lacks the column age; it has [name]",
        "[[1], [2, 3]] | instances[1] must be a list of 1 values",
        "[[1]] | instances has 1 columns and the model takes 2",
        "[{'age': 1}, 5] | instances[1] must be an object",
        "{'dataframe_split': {'columns': ['age', 'age'], 'data': []}} | the column age twice",
        "{'dataframe_split': {'columns': ['age']}} | dataframe_split.data must be a list",
        "{'dataframe_split': {'data': [], 'rows': 1}} | unknown keys [rows]",
        "{'instances': [], 'params': 5} | params must be an object",
        "{'instances': [], 'params': {'p': {}}} | params.p must be"
      })
  void readJson_malformed_saysWhatIs(String json, String message) {
    assertThatThrownBy(() -> read(AGE_AND_NAME, json.replace('\'', '"')))
        .isInstanceOf(ScoringException.class)
        .hasMessageContaining(message);
  }

  @Test
  void readJson_noRows_givesAnEmptyFrame() {
    assertThat(read(AGE_AND_NAME, "[]").getDataFrame().getRowCount()).isZero();
    assertThat(read(AGE_AND_NAME, "[]").hasDataFrame()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[[1, 2.5], [\"NaN\", 0.25]]",
        "{\"instances\": [[1, 2.5], [NaN, 0.25]]}",
        "{\"inputs\": [[1, 2.5], [NaN, 0.25]]}",
        "{\"inputs\": {\"x\": [[1, 2.5], [NaN, 0.25]]}}",
        "{\"instances\": [{\"x\": [1, 2.5]}, {\"x\": [NaN, 0.25]}]}",
        "{\"dataframe_split\": {\"columns\": [\"p\", \"q\"], \"data\": [[1, 2.5], [NaN, 0.25]]}}"
      })
  void readJson_everyFormOfATensor_givesTheSameOne(String json) {
    Tensor tensor = read(MATRIX, json).getTensors().getTensors(0);

    assertThat(tensor.getName()).isEqualTo("x");
    assertThat(tensor.getDataType()).isEqualTo(DataType.DATA_TYPE_FP32);
    assertThat(tensor.getShapeList()).containsExactly(2L, 2L);
    float[] values = new float[4];
    tensor
        .getRaw()
        .asReadOnlyByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(values);
    assertThat(values).containsExactly(1f, 2.5f, Float.NaN, 0.25f);
  }

  @Test
  void readJson_severalTensors_areTakenByNameInEitherForm() throws Exception {
    Tensors expected =
        TextFormat.parse(
            """
            tensors { name: "a" data_type: DATA_TYPE_INT8 shape: 2 raw: "\\001\\377" }
            tensors { name: "b" data_type: DATA_TYPE_BYTES shape: 2
                      byte_strings { values: ["é", "\\377"] } }
            """,
            Tensors.class);

    assertThat(
            read(TWO, "{\"inputs\": {\"b\": [\"é\", {\"base64\": \"/w==\"}], \"a\": [1, -1]}}")
                .getTensors())
        .isEqualTo(expected);
    assertThat(
            read(TWO, "[{\"a\": 1, \"b\": \"é\"}, {\"a\": -1, \"b\": {\"base64\": \"/w==\"}}]")
                .getTensors())
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'inputs': {'a': [1]}} | inputs lacks the tensor b",
        "{'inputs': {'a': [1], 'b': ['x'], 'c': []}} | unknown tensor c; the model takes a, b",
        "[{'a': 1, 'b': 'x'}, {'a': 1}] | instances[1] lacks the tensor b",
        "[1, 2] | instances must be an object with the tensors a, b",
        "{'inputs': {'a': [128], 'b': []}} | inputs.a: value 0",
        "{'inputs': {'a': [0.5], 'b': []}} | inputs.a: value 0",
        "{'inputs': {'a': [[1], [2, 3]], 'b': []}} | inputs.a[1] must be a list of 1",
        "{'inputs': {'a': [1, [2]], 'b': []}} | inputs.a[1] is a list where others at that depth"
            + " are values",
        "{'dataframe_records': [{'a': 1}]} | the model takes the tensors a, b and no table"
      })
  void readJson_tensorsThatDoNotFit_saysWhere(String json, String message) {
    assertThatThrownBy(() -> read(TWO, json.replace('\'', '"')))
        .isInstanceOf(ScoringException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e39", "-1e999"})
  void readJson_tooLargeForTheTensor_isRefusedRatherThanInfinite(String value) {
    assertThatThrownBy(() -> read(MATRIX, "[[" + value + "]]"))
        .isInstanceOf(ScoringException.class)
        .hasMessageContaining("must be a number that fits FP");
  }

  @Test
  void readJson_params_keepTheirKind() throws Exception {
    PredictRequest request =
        read(
            MATRIX,
            """
            {"instances": [[1]], "params": {"on": true, "top": 5, "heat": 0.5, "mode": "greedy", "stop": ["a", "b"]}}
            """);

    assertThat(request.getParametersMap())
        .isEqualTo(
            TextFormat.parse(
                    """
                    parameters { key: "on" value { bool_value: true } }
                    parameters { key: "top" value { int64_value: 5 } }
                    parameters { key: "heat" value { double_value: 0.5 } }
                    parameters { key: "mode" value { string_value: "greedy" } }
                    parameters { key: "stop" value { list_value {
                      values { string_value: "a" } values { string_value: "b" } } } }
                    """,
                    PredictRequest.class)
                .getParametersMap());
  }

  @Test
  void fill_anyModel_makesRowsThatSuit() throws Exception {
    PredictRequest.Builder table = PredictRequest.newBuilder();
    AGE_AND_NAME.fill(2, table);
    assertThat(table.getDataFrame())
        .isEqualTo(
            TextFormat.parse(
                """
                row_count: 2
                columns { name: "age" int64s { values: [0, 0] } }
                columns { name: "name" strings { values: ["", ""] } }
                """,
                DataFrame.class));

    PredictRequest.Builder tensors = PredictRequest.newBuilder();
    ofTensors(
            tensor("x", DataType.DATA_TYPE_FP32).toBuilder().addShape(-1).addShape(3).build(),
            tensor("s", DataType.DATA_TYPE_BYTES).toBuilder().addShape(-1).addShape(-1).build())
        .fill(2, tensors);
    assertThat(tensors.getTensors().getTensors(0).getShapeList()).containsExactly(2L, 3L);
    assertThat(tensors.getTensors().getTensors(0).getRaw().size()).isEqualTo(24);
    assertThat(tensors.getTensors().getTensors(1).getShapeList()).containsExactly(2L, 1L);
    assertThat(tensors.getTensors().getTensors(1).getRaw().size()).isEqualTo(8);
  }

  @Test
  void new_modelThatSaysNothingOfItsInputs_isRefused() {
    assertThatThrownBy(() -> new ScoringInputs(DescribeModelResponse.getDefaultInstance()))
        .isInstanceOf(ScoringException.class)
        .hasMessageContaining("neither columns nor tensors");
  }

  @Test
  void readTensor_ofAnotherType_isRoundedButNeverCut() {
    PredictRequest.Builder request = PredictRequest.newBuilder();
    MATRIX.readTensor(doubles(0.1, 2), request);
    assertThat(request.getTensors().getTensors(0).getDataType()).isEqualTo(DataType.DATA_TYPE_FP32);
    assertThat(
            request
                .getTensors()
                .getTensors(0)
                .getRaw()
                .asReadOnlyByteBuffer()
                .order(ByteOrder.LITTLE_ENDIAN)
                .getFloat())
        .isEqualTo(0.1f);

    ScoringInputs integers = ofTensors(tensor("n", DataType.DATA_TYPE_INT64));
    assertThatThrownBy(() -> integers.readTensor(doubles(1, 0.5), PredictRequest.newBuilder()))
        .isInstanceOf(ScoringException.class)
        .hasMessageContaining("value 1");
  }

  private static Tensor doubles(double... values) {
    ByteBuffer raw =
        ByteBuffer.allocate(values.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    raw.asDoubleBuffer().put(values);
    return Tensor.newBuilder()
        .setDataType(DataType.DATA_TYPE_FP64)
        .addAllShape(List.of((long) values.length))
        .setRaw(ByteString.copyFrom(raw))
        .build();
  }
}

package dev.slipway.serving.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorflowJsonTest {
  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String request(Tensor... inputs) {
    return new String(
        TensorflowJson.request("serving_default", List.of(inputs)), StandardCharsets.UTF_8);
  }

  private static TensorMetadata metadata(String name, DataType datatype, long... shape) {
    return new TensorMetadata(name, datatype, Shape.of(shape));
  }

  /** Whatever bits a tensor has, they come back if the server only gives back what it was sent. */
  @ParameterizedTest
  @EnumSource(
      value = DataType.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"BYTES", "BOOL"})
  void everyNumber_survivesTheWayThereAndBack(DataType datatype) {
    byte[] bits = new byte[6 * datatype.elementSizeBytes()];
    new Random(7).nextBytes(bits);
    Tensor tensor = Tensor.of("x", datatype, Shape.of(3, 2), java.nio.ByteBuffer.wrap(bits));
    String sent = request(tensor);
    String back =
        sent.replaceFirst(
            "\\{\"signature_name\":\"serving_default\",\"inputs\":\\{\"x\":(.*)}}",
            "{\"outputs\":$1}");

    TensorMetadata output = metadata("x", datatype, -1, 2);
    assertThat(TensorflowJson.response(utf8(back), List.of(output), List.of(output)))
        .containsExactly(tensor);
  }

  @Test
  void textsAndFlags_areWrittenAsTensorflowReadsThem() {
    assertThat(
            request(
                Tensor.ofStrings("s", Shape.of(2), "a", "ü"),
                Tensor.ofBooleans("b", Shape.of(), true),
                Tensor.ofDoubles("d", Shape.of(2), Double.NaN, Double.NEGATIVE_INFINITY)))
        .isEqualTo(
            "{\"signature_name\":\"serving_default\",\"inputs\":{"
                + "\"s\":[{\"b64\":\"YQ==\"},{\"b64\":\"w7w=\"}],"
                + "\"b\":true,\"d\":[NaN,-Infinity]}}");
  }

  @Test
  void severalOutputs_areFoundByName() {
    TensorMetadata text = metadata("text", DataType.BYTES, -1);
    TensorMetadata raw = metadata("raw_bytes", DataType.BYTES, -1);
    TensorMetadata flag = metadata("flag", DataType.BOOL, -1, 1);
    byte[] reply =
        utf8(
            """
            {"outputs": {"flag": [[true], [false]], "text": ["a", "b"],
             "raw_bytes": [{"b64": "AP8="}, {"b64": ""}]}}
            """);

    assertThat(TensorflowJson.response(reply, List.of(text, raw, flag), List.of(flag, raw, text)))
        .containsExactly(
            Tensor.ofBooleans("flag", Shape.of(2, 1), true, false),
            Tensor.ofBytes("raw_bytes", Shape.of(2), new byte[] {0, (byte) 0xff}, new byte[0]),
            Tensor.ofStrings("text", Shape.of(2), "a", "b"));
  }

  @Test
  void noRows_keepTheShapeThatTheyWouldHave() {
    TensorMetadata output = metadata("y", DataType.FP32, -1, 3);

    assertThat(TensorflowJson.response(utf8("{\"outputs\": []}"), List.of(output), List.of(output)))
        .singleElement()
        .satisfies(tensor -> assertThat(tensor.shape()).isEqualTo(Shape.of(0, 3)));
  }

  @Test
  void repliesOfAnotherForm_areRefused() {
    TensorMetadata whole = metadata("y", DataType.INT32, -1);
    for (String reply :
        List.of(
            "",
            "nonsense",
            "{}",
            "{\"outputs\": [1.5]}",
            "{\"outputs\": [\"a\"]}",
            "{\"outputs\": [1, [2]]}",
            "{\"outputs\": [[2], 1]}",
            "{\"outputs\": [null]}")) {
      assertThatThrownBy(() -> TensorflowJson.response(utf8(reply), List.of(whole), List.of(whole)))
          .as(reply)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(
            () ->
                TensorflowJson.describe(
                    utf8("{\"metadata\":{\"signature_def\":{\"signature_def\":{\"other\":{}}}}}"),
                    "serving_default"))
        .hasMessageContaining("no signature \"serving_default\", but [other]");
  }
}

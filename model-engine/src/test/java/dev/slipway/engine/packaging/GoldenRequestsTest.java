package dev.slipway.engine.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class GoldenRequestsTest {

  @TempDir private Path folder;

  private GoldenRequests writeAndRead(GoldenRequests requests) {
    Path file = folder.resolve(GoldenRequests.FILE_NAME);
    requests.write(file);
    return GoldenRequests.read(file);
  }

  private static GoldenCase golden(double atol, double rtol, Tensor... outputs) {
    return new GoldenCase(
        "case",
        List.of(Tensor.ofInts("in", Shape.of(1), 1)),
        Map.of(),
        List.of(outputs),
        atol,
        rtol);
  }

  @ParameterizedTest
  @EnumSource(value = DataType.class, names = "BYTES", mode = EnumSource.Mode.EXCLUDE)
  void everyDatatype_survivesTheFile(DataType datatype) {
    byte[] bytes = new byte[datatype.elementSizeBytes() * 64];
    new Random(5).nextBytes(bytes);
    if (datatype == DataType.BOOL) {
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] &= 1;
      }
    }
    Tensor tensor = Tensor.of("t", datatype, Shape.of(8, 8), ByteBuffer.wrap(bytes));
    GoldenRequests requests = GoldenRequests.of(golden(0.1, 1e-7, tensor));

    GoldenRequests read = writeAndRead(requests);

    // NaN payloads are not kept; everything else is, bit by bit.
    assertThat(GoldenResult.compare(read.cases().get(0), List.of(tensor)).problems()).isEmpty();
    assertThat(GoldenResult.compare(golden(0, 0, tensor), read.cases().get(0).outputs()).problems())
        .isEmpty();
  }

  @Test
  void textBytesParametersAndExtremes_surviveTheFile() {
    GoldenCase golden =
        new GoldenCase(
            "é \"quoted\"\n",
            List.of(
                Tensor.ofBytes(
                    "b",
                    Shape.of(2),
                    "é\0".getBytes(StandardCharsets.UTF_8),
                    new byte[] {(byte) 0xff, 0}),
                Tensor.ofFloats("scalar", Shape.of(), Float.MIN_VALUE),
                Tensor.ofDoubles("empty", Shape.of(0, 4))),
            Map.of("flag", true, "n", 7L, "x", 0.1, "s", "v", "list", List.of(1L, 2L)),
            List.of(
                Tensor.ofDoubles(
                    "d",
                    Shape.of(4),
                    Double.NaN,
                    Double.NEGATIVE_INFINITY,
                    Double.MAX_VALUE,
                    -0.0)),
            1e-6,
            0);
    assertThat(writeAndRead(GoldenRequests.of(golden))).isEqualTo(GoldenRequests.of(golden));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{ | golden_requests.jsonl:2 is not JSON",
        "[] | golden_requests.jsonl:2: a line must be a JSON object",
        "{\"name\":\"\",\"inputs\":[],\"outputs\":[]} | name must not be blank",
        "{\"name\":\"b\",\"inputs\":[],\"outputs\":[]} | inputs and outputs must not be empty",
        "{\"name\":\"b\",\"inputs\":7} | inputs must be a list",
        "{\"name\":\"b\",\"inputs\":[{}]} | inputs[0].name must be a string",
        "{\"name\":\"b\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"F\"}]} | inputs[0].datatype is"
            + " the unknown type F",
        "{\"name\":\"b\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"INT8\",\"shape\":[-1],\"data\":[]}]}"
            + " | inputs[0].shape must be",
        "{\"name\":\"b\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"INT8\",\"shape\":[1],\"data\":[128]}]}"
            + " | inputs[0].data[0] must be a whole number that fits INT8",
        "{\"name\":\"b\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"UINT8\",\"shape\":[1],\"data\":[-1]}]}"
            + " | fits UINT8",
        "{\"name\":\"b\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1],\"data\":[\"a\"]}]}"
            + " | data[0] must be a number",
        "{\"name\":\"b\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"BOOL\",\"shape\":[1],\"data\":[1]}]}"
            + " | data[0] must be true or false",
        "{\"name\":\"b\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[2],\"data\":[1]}]}"
            + " | 2 elements of 4 bytes",
        "{\"name\":\"ok\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[],\"data\":[1]}],\"outputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[],\"data\":[1]}]}"
            + " | same name",
      })
  void read_ofAMalformedLine_namesLineAndField(String line, String reason) throws Exception {
    Path file = folder.resolve("golden_requests.jsonl");
    String tensors = "[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[],\"data\":[1]}]";
    Files.writeString(
        file,
        "{\"name\":\"ok\",\"inputs\":" + tensors + ",\"outputs\":" + tensors + "}\n" + line + "\n");
    assertThatThrownBy(() -> GoldenRequests.read(file))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void goldenCase_toleranceMustBeANumberFromZero() {
    Tensor tensor = Tensor.ofInts("x", Shape.of(), 1);
    assertThatThrownBy(() -> golden(-1, 0, tensor)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> golden(0, Double.NaN, tensor))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void compare_withinTheTolerances_passesAndReportsTheDeviation() {
    GoldenCase golden = golden(0.01, 0.1, Tensor.ofFloats("y", Shape.of(3), 1, 100, Float.NaN));
    GoldenResult result =
        GoldenResult.compare(
            golden, List.of(Tensor.ofFloats("y", Shape.of(3), 1.1f, 109, Float.NaN)));
    assertThat(result.passed()).isTrue();
    assertThat(result.maxAbsoluteDeviation()).isEqualTo(9);
    assertThat(result.maxRelativeDeviation()).isCloseTo(0.1, within(1e-6));
  }

  @Test
  void compare_beyondTheTolerances_namesOutputAndIndex() {
    GoldenCase golden =
        golden(
            0.01,
            0,
            Tensor.ofFloats("y", Shape.of(3), 1, 2, 3),
            Tensor.ofStrings("s", Shape.of(2), "a", "b"));
    GoldenResult result =
        GoldenResult.compare(
            golden,
            List.of(
                Tensor.ofStrings("s", Shape.of(2), "a", "c"),
                Tensor.ofFloats("y", Shape.of(3), 1, 2.5f, Float.NaN)));
    assertThat(result.passed()).isFalse();
    assertThat(result.problems())
        .containsExactly(
            "output y: 2 of 3 values are outside the tolerances, the first at index 1",
            "output s: 1 of 2 values are outside the tolerances, the first at index 1");
    assertThat(result.maxAbsoluteDeviation()).isInfinite();
  }

  @Test
  void compare_wholeNumbers_areExactWhateverTheTolerance() {
    GoldenCase golden = golden(10, 10, Tensor.ofLongs("y", Shape.of(1), 5));
    GoldenResult result =
        GoldenResult.compare(golden, List.of(Tensor.ofLongs("y", Shape.of(1), 6)));
    assertThat(result.passed()).isFalse();
    assertThat(result.maxAbsoluteDeviation()).isEqualTo(1);
    assertThat(result.maxRelativeDeviation()).isCloseTo(0.2, within(1e-9));
  }

  @Test
  void compare_missingOrMisshapenOutput_fails() {
    GoldenCase golden = golden(0, 0, Tensor.ofLongs("y", Shape.of(1), 5));
    assertThat(GoldenResult.compare(golden, List.of()).problems())
        .containsExactly("output y: the model did not answer it");
    assertThat(
            GoldenResult.compare(golden, List.of(Tensor.ofLongs("y", Shape.of(1, 1), 5)))
                .problems())
        .containsExactly("output y: expected y INT64 [1], answered y INT64 [1, 1]");
  }
}

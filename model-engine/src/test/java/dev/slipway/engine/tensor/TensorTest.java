package dev.slipway.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.InvalidInputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ReadOnlyBufferException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TensorTest {

  private static String hex(Tensor tensor) {
    byte[] bytes = new byte[tensor.sizeBytes()];
    tensor.data().get(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  private static ByteBuffer bytes(String hex) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(hex));
  }

  @Test
  void rawLayout_isThatOfTheOpenInferenceProtocol() {
    assertThat(hex(Tensor.ofFloats("x", Shape.of(1, 2), 1, 2))).isEqualTo("0000803f00000040");
    assertThat(hex(Tensor.ofStrings("x", Shape.of(2), "ab", ""))).isEqualTo("02000000616200000000");
    assertThat(hex(Tensor.ofInts("x", Shape.of(2), 1, -2))).isEqualTo("01000000feffffff");
    assertThat(hex(Tensor.ofLongs("x", Shape.of(1), -1))).isEqualTo("ffffffffffffffff");
    assertThat(hex(Tensor.ofBooleans("x", Shape.of(2), true, false))).isEqualTo("0100");
    assertThat(hex(Tensor.ofDoubles("x", Shape.of(), 1))).isEqualTo("000000000000f03f");
  }

  @Test
  void arrays_comeBackAsTheyWent() {
    assertThat(Tensor.ofFloats("x", Shape.of(2), 1.5f, Float.NaN).toFloats())
        .containsExactly(1.5f, Float.NaN);
    assertThat(Tensor.ofDoubles("x", Shape.of(2), 1.5, -0.0).toDoubles())
        .containsExactly(1.5, -0.0);
    assertThat(Tensor.ofInts("x", Shape.of(1), Integer.MIN_VALUE).toInts())
        .containsExactly(Integer.MIN_VALUE);
    assertThat(Tensor.ofLongs("x", Shape.of(1), Long.MAX_VALUE).toLongs())
        .containsExactly(Long.MAX_VALUE);
    assertThat(Tensor.ofBooleans("x", Shape.of(2), true, false).toBooleans())
        .containsExactly(true, false);
    assertThat(Tensor.ofStrings("x", Shape.of(2, 1), "é😀", "").toStrings())
        .containsExactly("é😀", "");
  }

  @ParameterizedTest
  @CsvSource({
    "FP32, 3, 0000803f00000040",
    "FP32, 1, 0000803f00000040",
    "INT64, 1, 00",
    "BOOL, 0, 00",
    "UINT16, 2, 000000",
  })
  void of_withTheWrongNumberOfBytes_isRefused(DataType datatype, long elements, String content) {
    assertThatThrownBy(() -> Tensor.of("pixels", datatype, Shape.of(elements), bytes(content)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("pixels")
        .hasMessageContaining("bytes");
  }

  @ParameterizedTest
  @CsvSource({
    "1, ffffffff00, says it has 4294967295 bytes",
    "1, 0300000061, says it has 3 bytes",
    "2, 0100000061, ends before the length of element 1",
    "1, 010000006162, 1 bytes follow the last one",
    "4611686018427387904, 00000000, ends before the length of element 1",
  })
  void of_withBrokenLengthPrefixes_isRefusedWithoutAllocation(
      long elements, String content, String reason) {
    assertThatThrownBy(() -> Tensor.of("words", DataType.BYTES, Shape.of(elements), bytes(content)))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void of_withAnImpossibleShape_isRefused() {
    assertThatThrownBy(() -> Tensor.of("x", DataType.FP32, Shape.of(1L << 62, 4), bytes("")))
        .isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> Tensor.of("x", DataType.FP64, Shape.of(1L << 61), bytes("")))
        .isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> Tensor.of("x", DataType.FP32, Shape.of(-1, 4), bytes("")))
        .isInstanceOf(InvalidInputException.class);
  }

  @Test
  void of_withNoElements_hasNoBytes() {
    assertThat(Tensor.of("x", DataType.FP32, Shape.of(0, 4), bytes("")).toFloats()).isEmpty();
    assertThat(Tensor.ofStrings("x", Shape.of(0)).toStrings()).isEmpty();
  }

  @Test
  void data_isAReadOnlyViewThatDoesNotMoveTheTensor() {
    ByteBuffer direct =
        ByteBuffer.allocateDirect(12).order(ByteOrder.LITTLE_ENDIAN).putFloat(4, 2f).position(4);
    Tensor tensor = Tensor.of("x", DataType.FP32, Shape.of(2), direct);

    assertThat(tensor.data().isDirect()).isTrue();
    assertThat(tensor.data().order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    assertThat(tensor.data().getFloat()).isEqualTo(2f);
    assertThat(tensor.data().position()).isZero();
    assertThat(direct.position()).isEqualTo(4);
    assertThatThrownBy(() -> tensor.data().put((byte) 1))
        .isInstanceOf(ReadOnlyBufferException.class);
  }

  @Test
  void toInts_ofAnotherDatatype_isRefused() {
    assertThatThrownBy(() -> Tensor.ofFloats("x", Shape.of(1), 1).toInts())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("FP32");
  }

  @Test
  void withShape_keepsTheNumberOfElements() {
    Tensor tensor = Tensor.ofInts("x", Shape.of(4), 1, 2, 3, 4);
    assertThat(tensor.withShape(Shape.of(2, 2)).toInts()).containsExactly(1, 2, 3, 4);
    assertThatThrownBy(() -> tensor.withShape(Shape.of(3)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void dataType_knowsTheNamesOfNumpyAndOfTheProtocol() {
    for (DataType type : DataType.values()) {
      assertThat(DataType.findByOipName(type.oipName())).contains(type);
      assertThat(DataType.findByNumpyName(type.numpyName())).contains(type);
    }
    assertThat(DataType.findByNumpyName("str")).contains(DataType.BYTES);
    assertThat(DataType.findByNumpyName("complex64")).isEmpty();
    assertThat(DataType.findByOipName("fp32")).isEmpty();
  }
}

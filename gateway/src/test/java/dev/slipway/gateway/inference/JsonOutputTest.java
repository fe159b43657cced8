package dev.slipway.gateway.inference;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.slipway.engine.tensor.DataType;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonOutputTest {
  private static void check(DataType type, String hex) {
    JsonOutput.check("out", type, ByteString.copyFrom(HexFormat.of().parseHex(hex)));
  }

  @ParameterizedTest
  @CsvSource({
    "BYTES, 0100000061 01000000ff",
    "FP32, 0000803f 0000807f",
    "FP64, 000000000000f87f",
    "FP16, 003c",
    "BF16, 803f"
  })
  void elementWithoutAForm_isRefused(DataType type, String hex) {
    assertThatThrownBy(() -> check(type, hex.replace(" ", "")))
        .hasMessageContaining("outputs[out]")
        .hasMessageContaining("binary_data");
  }

  @ParameterizedTest
  @CsvSource({"BYTES, 02000000c3a4 00000000", "FP32, 0000803f ffff7f7f", "INT8, ff"})
  void otherElements_pass(DataType type, String hex) {
    assertThatCode(() -> check(type, hex.replace(" ", ""))).doesNotThrowAnyException();
  }
}

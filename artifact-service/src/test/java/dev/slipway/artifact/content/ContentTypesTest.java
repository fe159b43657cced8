package dev.slipway.artifact.content;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContentTypesTest {
  @ParameterizedTest
  @CsvSource({
    "MLmodel, text/plain",
    "conda.yaml, text/plain",
    "METRICS.CSV, text/plain",
    "plot.PNG, image/png",
    "model.onnx, application/octet-stream",
    "report.tar.gz, application/gzip",
  })
  void ofName_knownName_saysWhatItIs(String name, String type) {
    assertThat(ContentTypes.ofName(name)).contains(type);
  }

  @Test
  void ofName_unknownName_saysNothing() {
    assertThat(ContentTypes.ofName("weights")).isEmpty();
    assertThat(ContentTypes.ofName("weights.xyz")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "89504e470d0a1a0a0000, image/png",
    "474946383961ffff, image/gif",
    "524946467856341257454250, image/webp",
    "524946467856341257415645, application/octet-stream",
    "424d785634120000000036, image/bmp",
    "424d32352073636f7265730a, text/plain",
  })
  void ofBytes_firstBytes_sayWhatItIs(String hex, String type) {
    assertThat(ContentTypes.ofBytes(HexFormat.of().parseHex(hex))).isEqualTo(type);
  }

  @Test
  void ofBytes_withoutMagic_isTextWhereItReadsAsText() {
    assertThat(ContentTypes.ofBytes("größer\n".getBytes(UTF_8))).isEqualTo("text/plain");
    byte[] cutInCharacter = {'a', (byte) 0xC3};
    assertThat(ContentTypes.ofBytes(cutInCharacter)).isEqualTo("text/plain");
    assertThat(ContentTypes.ofBytes(new byte[] {0, 1, 2})).isEqualTo(ContentTypes.UNKNOWN);
    assertThat(ContentTypes.ofBytes(new byte[0])).isEqualTo(ContentTypes.UNKNOWN);
  }
}

package dev.slipway.gateway.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelMetadataResponse;
import dev.slipway.inference.ModelMetadataResponse.TensorMetadata;
import io.javalin.http.HttpResponseException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class RawBodyTest {
  private static ModelInferRequest read(String datatype, List<Long> shape, byte[] body) {
    return RawBody.asOnlyInput(
            ModelMetadataResponse.newBuilder()
                .addInputs(
                    TensorMetadata.newBuilder()
                        .setName("x")
                        .setDatatype(datatype)
                        .addAllShape(shape))
                .build(),
            new ModelPath("m", "1"),
            body)
        .message();
  }

  private static List<Long> shape(String datatype, List<Long> shape, int bytes) {
    return read(datatype, shape, new byte[bytes]).getInputs(0).getShapeList();
  }

  @Test
  void openSizes_areOneRowAndWhatTheBytesGive() {
    assertThat(shape("FP32", List.of(-1L, 4L), 16)).containsExactly(1L, 4L);
    assertThat(shape("FP32", List.of(-1L, -1L, 2L), 24)).containsExactly(1L, 3L, 2L);
    assertThat(shape("FP32", List.of(2L, -1L), 24)).containsExactly(2L, 3L);
    assertThat(shape("INT8", List.of(), 1)).isEmpty();
    assertThat(shape("INT8", List.of(1L, 0L, -1L), 0)).containsExactly(1L, 0L, 0L);
    assertThatThrownBy(() -> shape("FP32", List.of(-1L, -1L, -1L), 24))
        .isInstanceOf(HttpResponseException.class)
        .hasMessageContaining("[-1, -1, -1]");
  }

  @Test
  void bytes_areOneElement_whichGetsItsLength() {
    ModelInferRequest request =
        read("BYTES", List.of(-1L, 1L), "ab".getBytes(StandardCharsets.UTF_8));

    assertThat(request.getInputs(0).getShapeList()).containsExactly(1L, 1L);
    assertThat(request.getRawInputContents(0).toByteArray()).containsExactly(2, 0, 0, 0, 'a', 'b');
  }
}

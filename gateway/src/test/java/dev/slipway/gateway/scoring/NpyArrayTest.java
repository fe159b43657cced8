package dev.slipway.gateway.scoring;

import static dev.slipway.gateway.scoring.ScoringModels.ofTensors;
import static dev.slipway.gateway.scoring.ScoringModels.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.serving.v1.DataType;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.Tensor;
import dev.slipway.serving.v1.Tensors;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The arrays were written by NumPy 2. */
class NpyArrayTest {
  /** {@code [[1.5, -2], [3, 4e10], [nan, inf]]}. */
  private static final String FLOATS =
      "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsIDIpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAwAAAQED5AhVRAADAfwAAgH8=";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "float32        | " + FLOATS + " | [[1.5,-2.0],[3.0,4.0E10],[\"NaN\",\"Infinity\"]]",
        "big-endian     |"
            + " k05VTVBZAQB2AHsnZGVzY3InOiAnPmk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDMsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAB/////gAEk+A="
            + " | [1,-2,300000]",
        "column-major   |"
            + " k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMywgMiksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAYAAAAAAAAAAgAAAAAAAAAIAAAAAAAAAAQAAAAAAAAACgAAAAAAAAABAAAAAAAAAAcAAAAAAAAAAwAAAAAAAAAJAAAAAAAAAAUAAAAAAAAACwAAAAAAAAA="
            + " | [[[0,1],[2,3],[4,5]],[[6,7],[8,9],[10,11]]]",
        "bool version 2 |"
            + " k05VTVBZAgB0AAAAeydkZXNjcic6ICd8YjEnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoBAA=="
            + " | [true,false]",
        "scalar         |"
            + " k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAEQA=="
            + " | 2.5",
        "no rows, v. 3  |"
            + " k05VTVBZAwB0AAAAeydkZXNjcic6ICc8ZjgnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMCwgNCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo="
            + " | []",
        "float16        |"
            + " k05VTVBZAQB2AHsnZGVzY3InOiAnPGYyJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAOP97"
            + " | [0.5,65504.0]"
      })
  void read_whatNumpyWrote_givesItsValues(String what, String npy, String values)
      throws IOException {
    assertThat(NestedLists.of(NpyArray.read(stream(npy))).toString()).as(what).isEqualTo(values);
  }

  @Test
  void write_whatWasRead_isWhatNumpyWrote() throws IOException {
    Tensor tensor = NpyArray.read(stream(FLOATS));
    ByteArrayOutputStream out = new ByteArrayOutputStream();

    NpyArray.write(
        PredictResponse.newBuilder().setTensors(Tensors.newBuilder().addTensors(tensor)).build(),
        out);

    assertThat(out.toByteArray()).isEqualTo(Base64.getDecoder().decode(FLOATS));
  }

  @Test
  void read_cutAnywhere_saysThatItEnds() {
    byte[] whole = Base64.getDecoder().decode(FLOATS);
    ScoringInputs inputs = ofTensors(tensor("x", DataType.DATA_TYPE_FP32));
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(
              () ->
                  NpyArray.read(new ByteArrayInputStream(cut), inputs, PredictRequest.newBuilder()))
          .as("%d bytes", length)
          .isInstanceOf(ScoringException.class);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'descr': '<U2', 'fortran_order': False, 'shape': (2,), } | a plain type",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (2,), } | elements of the type c8",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999999), } | too"
            + " large",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999,), } | more than 2 GiB",
        "{'descr': '<f8', 'fortran_order': False, } | lacks a shape"
      })
  void read_headerOfAnotherKind_saysWhatIsRead(String header, String message) {
    byte[] npy = new byte[10 + header.length()];
    System.arraycopy(Base64.getDecoder().decode(FLOATS), 0, npy, 0, 8);
    npy[8] = (byte) header.length();
    System.arraycopy(header.getBytes(StandardCharsets.US_ASCII), 0, npy, 10, header.length());

    assertThatThrownBy(() -> NpyArray.read(new ByteArrayInputStream(npy)))
        .isInstanceOf(ScoringException.class)
        .hasMessageContaining(message);
  }

  @Test
  void write_severalTensorsOrStrings_isRefused() {
    Tensors two =
        Tensors.newBuilder()
            .addTensors(Tensor.newBuilder().setName("a"))
            .addTensors(Tensor.newBuilder().setName("b"))
            .build();
    Tensors strings =
        Tensors.newBuilder()
            .addTensors(Tensor.newBuilder().setName("s").setDataType(DataType.DATA_TYPE_BYTES))
            .build();

    for (Tensors tensors : new Tensors[] {two, strings}) {
      assertThatThrownBy(
              () ->
                  NpyArray.write(
                      PredictResponse.newBuilder().setTensors(tensors).build(),
                      new ByteArrayOutputStream()))
          .isInstanceOf(ScoringException.class);
    }
  }

  private static ByteArrayInputStream stream(String npy) {
    return new ByteArrayInputStream(Base64.getDecoder().decode(npy));
  }
}

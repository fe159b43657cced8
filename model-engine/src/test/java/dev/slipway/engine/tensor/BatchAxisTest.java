package dev.slipway.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BatchAxisTest {

  private final Random random = new Random(11);

  private Tensor randomTensor(DataType datatype, int rows) {
    int elements = rows * 3;
    if (datatype == DataType.BYTES) {
      byte[][] values = new byte[elements][];
      for (int i = 0; i < elements; i++) {
        values[i] = new byte[random.nextInt(9)];
        random.nextBytes(values[i]);
      }
      return Tensor.ofBytes("x", Shape.of(rows, 3), values);
    }
    byte[] bytes = new byte[elements * datatype.elementSizeBytes()];
    random.nextBytes(bytes);
    return Tensor.of("x", datatype, Shape.of(rows, 3), ByteBuffer.wrap(bytes));
  }

  @ParameterizedTest
  @EnumSource(DataType.class)
  void split_givesBackWhatConcatJoined(DataType datatype) {
    for (int round = 0; round < 20; round++) {
      List<Tensor> parts = new ArrayList<>();
      List<Integer> rows = new ArrayList<>();
      for (int i = 0; i <= random.nextInt(5); i++) {
        rows.add(random.nextInt(4));
        parts.add(randomTensor(datatype, rows.get(i)));
      }
      ByteBuffer target =
          ByteBuffer.allocateDirect(BatchAxis.concatSizeBytes(parts) + 3)
              .order(ByteOrder.LITTLE_ENDIAN)
              .position(3);

      Tensor batch = BatchAxis.concat(parts, target);

      assertThat(target.hasRemaining()).isFalse();
      assertThat(batch.shape().dimension(0))
          .isEqualTo(rows.stream().mapToInt(Integer::intValue).sum());
      assertThat(BatchAxis.split(batch, rows)).isEqualTo(parts);
    }
  }

  @Test
  void concat_ofWhatDoesNotFit_isRefused() {
    Tensor first = Tensor.ofFloats("x", Shape.of(1, 2), 1, 2);
    List<Tensor> others =
        List.of(
            Tensor.ofFloats("y", Shape.of(1, 2), 1, 2),
            Tensor.ofFloats("x", Shape.of(1, 3), 1, 2, 3),
            Tensor.ofFloats("x", Shape.of(2), 1, 2),
            Tensor.ofInts("x", Shape.of(1, 2), 1, 2),
            Tensor.ofFloats("x", Shape.of(), 1));
    for (Tensor other : others) {
      assertThat(BatchAxis.joinable(first, other)).isFalse();
      assertThatThrownBy(() -> BatchAxis.concat(List.of(first, other), ByteBuffer.allocate(99)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void split_whenRowsDoNotAddUp_isRefused() {
    Tensor batch = Tensor.ofFloats("x", Shape.of(3), 1, 2, 3);
    assertThatThrownBy(() -> BatchAxis.split(batch, List.of(1, 1)))
        .hasMessageContaining("add up to 2");
    assertThatThrownBy(() -> BatchAxis.split(Tensor.ofFloats("x", Shape.of(), 1), List.of(1)))
        .hasMessageContaining("scalar");
  }
}

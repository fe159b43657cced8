package dev.slipway.serving.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.serving.cache.CacheKey;
import dev.slipway.serving.redis.AnswerEncoding.Dated;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AnswerEncodingTest {
  private static final CacheKey KEY = new CacheKey(1, 2, 3, 4);

  private static byte[] encoded(Tensor... outputs) {
    return AnswerEncoding.encode(KEY, new Dated(List.of(outputs), 5), 1 << 20).orElseThrow();
  }

  @Test
  void everyDatatype_comesBackAsItWas() {
    for (DataType datatype : DataType.values()) {
      Tensor output =
          datatype == DataType.BYTES
              ? Tensor.ofStrings("äöü", Shape.of(2, 1), "", "längst")
              : Tensor.of(
                  "y",
                  datatype,
                  Shape.of(1, 3),
                  ByteBuffer.allocate(3 * datatype.elementSizeBytes()).put(0, (byte) 1));
      Tensor scalar = Tensor.ofDoubles("scalar", Shape.of(), Double.NaN);

      Dated answer = AnswerEncoding.decode(KEY, encoded(output, scalar)).orElseThrow();

      assertThat(answer.computedMillis()).isEqualTo(5);
      assertThat(answer.outputs())
          .extracting(Tensor::metadata)
          .containsExactly(output.metadata(), scalar.metadata());
      assertThat(answer.outputs().get(0).data()).isEqualTo(output.data());
      assertThat(answer.outputs().get(1).data()).isEqualTo(scalar.data());
    }
  }

  @Test
  void valueThatWasChangedOrCut_isNoAnswer() {
    byte[] value = encoded(Tensor.ofFloats("y", Shape.of(1, 2), 1, 2));
    for (int i = 0; i < value.length; i++) {
      byte[] changed = value.clone();
      changed[i] ^= 0x10;
      assertThat(AnswerEncoding.decode(KEY, changed)).isEmpty();
      assertThat(AnswerEncoding.decode(KEY, Arrays.copyOf(value, i))).isEmpty();
    }
    assertThat(AnswerEncoding.decode(KEY, Arrays.copyOf(value, value.length + 1))).isEmpty();
  }

  @Test
  void valueOfAnotherKey_isNoAnswer() {
    byte[] value = encoded(Tensor.ofFloats("y", Shape.of(1, 2), 1, 2));

    assertThat(AnswerEncoding.decode(new CacheKey(1, 2, 3, 5), value)).isEmpty();
  }

  @Test
  void whatOthersWrote_isNoAnswer() {
    Random random = new Random(1);
    for (int i = 0; i < 1_000; i++) {
      byte[] value = new byte[random.nextInt(100)];
      random.nextBytes(value);
      assertThat(AnswerEncoding.decode(KEY, value)).isEmpty();
    }
  }

  @Test
  void answerLargerThanAllowed_hasNoValue() {
    Dated answer = new Dated(List.of(Tensor.ofFloats("y", Shape.of(1, 2), 1, 2)), 5);
    int bytes = AnswerEncoding.encode(KEY, answer, 1 << 20).orElseThrow().length;

    assertThat(AnswerEncoding.encode(KEY, answer, bytes)).isPresent();
    assertThat(AnswerEncoding.encode(KEY, answer, bytes - 1)).isEmpty();
  }
}

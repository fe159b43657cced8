package dev.slipway.serving.testing;

import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** Makes tensors of any bits that their datatype can have. */
public final class RandomTensors {
  private RandomTensors() {}

  /** Returns a tensor of one to seven rows of some elements each. */
  public static Tensor next(DataType type, String name, int columns, Random random) {
    int rows = 1 + random.nextInt(7);
    ByteArrayOutputStream raw = new ByteArrayOutputStream();
    for (int i = 0; i < columns * rows; i++) {
      raw.writeBytes(element(type, random));
    }
    return Tensor.of(name, type, Shape.of(rows, columns), ByteBuffer.wrap(raw.toByteArray()));
  }

  private static byte[] element(DataType type, Random random) {
    if (type == DataType.BYTES) {
      byte[] text = "x".repeat(random.nextInt(20)).getBytes(StandardCharsets.UTF_8);
      ByteBuffer prefixed = ByteBuffer.allocate(4 + text.length).order(ByteOrder.LITTLE_ENDIAN);
      return prefixed.putInt(text.length).put(text).array();
    }
    if (type == DataType.BOOL) {
      return new byte[] {(byte) random.nextInt(2)};
    }
    byte[] element = new byte[type.elementSizeBytes()];
    random.nextBytes(element);
    return element;
  }
}

package dev.slipway.benchmarks;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/**
 * Writes a fully connected network with random weights as an ONNX file: FP32 {@code x} [batch,
 * first size] to {@code y} [batch, last size], ReLU between the layers.
 *
 * <p>Format: <a href="https://github.com/onnx/onnx/blob/main/onnx/onnx.proto">onnx.proto</a>, whose
 * field numbers are the constants here.
 */
final class OnnxNetwork {
  private static final int IR_VERSION = 8;
  private static final int OPSET = 17;
  private static final int FLOAT = 1;

  private OnnxNetwork() {}

  /** Writes the content of a message. */
  private interface Fields {
    void writeTo(CodedOutputStream out) throws IOException;
  }

  /** Returns the file of a network with layers of these sizes, the first that of the input. */
  static byte[] write(int... sizes) {
    return message(
        model -> {
          model.writeInt64(1, IR_VERSION);
          model.writeByteArray(7, message(graph -> writeGraph(graph, sizes)));
          model.writeByteArray(8, message(opset -> opset.writeInt64(2, OPSET)));
        });
  }

  private static void writeGraph(CodedOutputStream graph, int[] sizes) throws IOException {
    Random random = new Random(1);
    int layers = sizes.length - 1;
    graph.writeString(2, "network");
    for (int i = 0; i < layers; i++) {
      boolean last = i == layers - 1;
      String input = i == 0 ? "x" : "h" + i;
      String sum = last ? "y" : "s" + i;
      writeNode(graph, "Gemm", sum, input, "w" + i, "b" + i);
      if (!last) {
        writeNode(graph, "Relu", "h" + (i + 1), sum);
      }
      writeWeights(graph, "w" + i, random, sizes[i], sizes[i + 1]);
      writeWeights(graph, "b" + i, random, sizes[i + 1]);
    }
    writeValue(graph, 11, "x", sizes[0]);
    writeValue(graph, 12, "y", sizes[layers]);
  }

  private static void writeNode(
      CodedOutputStream graph, String operator, String output, String... inputs)
      throws IOException {
    graph.writeByteArray(
        1,
        message(
            node -> {
              for (String input : inputs) {
                node.writeString(1, input);
              }
              node.writeString(2, output);
              node.writeString(4, operator);
            }));
  }

  private static void writeWeights(
      CodedOutputStream graph, String name, Random random, int... dimensions) throws IOException {
    int count = 1;
    for (int dimension : dimensions) {
      count *= dimension;
    }
    ByteBuffer values = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      values.putFloat((float) (random.nextGaussian() / Math.sqrt(dimensions[0])));
    }
    graph.writeByteArray(
        5,
        message(
            tensor -> {
              for (int dimension : dimensions) {
                tensor.writeInt64(1, dimension);
              }
              tensor.writeInt32(2, FLOAT);
              tensor.writeString(8, name);
              tensor.writeByteArray(9, values.array());
            }));
  }

  private static void writeValue(CodedOutputStream graph, int field, String name, int columns)
      throws IOException {
    byte[] rows = message(dimension -> dimension.writeString(2, "batch"));
    byte[] width = message(dimension -> dimension.writeInt64(1, columns));
    byte[] shape =
        message(
            dimensions -> {
              dimensions.writeByteArray(1, rows);
              dimensions.writeByteArray(1, width);
            });
    byte[] tensor =
        message(
            type -> {
              type.writeInt32(1, FLOAT);
              type.writeByteArray(2, shape);
            });
    graph.writeByteArray(
        field,
        message(
            value -> {
              value.writeString(1, name);
              value.writeByteArray(2, message(type -> type.writeByteArray(1, tensor)));
            }));
  }

  private static byte[] message(Fields fields) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      fields.writeTo(out);
      out.flush();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

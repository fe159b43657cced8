package dev.slipway.serving.testing;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Writes an ONNX model that holds as much memory as a test wants and computes next to nothing: FP32
 * {@code x} [n] to {@code y} [n], the weights at those positions.
 *
 * <p>Format: <a href="https://github.com/onnx/onnx/blob/main/onnx/onnx.proto">onnx.proto</a>, whose
 * field numbers are the constants here.
 */
public final class OnnxWeights {
  private static final int FLOAT = 1;
  private static final int INT64 = 7;

  private OnnxWeights() {}

  /** Writes the content of a message. */
  private interface Fields {
    void writeTo(CodedOutputStream out) throws IOException;
  }

  /** Returns the file of a model with so many weights, all of them 1. */
  public static byte[] write(int count) {
    return message(
            model -> {
              model.writeInt64(1, 8);
              model.writeBytes(7, message(graph -> writeGraph(graph, count)));
              model.writeBytes(8, message(opset -> opset.writeInt64(2, 17)));
            })
        .toByteArray();
  }

  private static void writeGraph(CodedOutputStream graph, int count) throws IOException {
    ByteBuffer ones = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (ones.hasRemaining()) {
      ones.putFloat(1f);
    }
    graph.writeString(2, "weights");
    graph.writeBytes(
        1,
        message(
            node -> {
              node.writeString(1, "x");
              node.writeString(2, "positions");
              node.writeString(4, "Cast");
              node.writeBytes(
                  5,
                  message(
                      attribute -> {
                        attribute.writeString(1, "to");
                        attribute.writeInt64(3, INT64);
                        attribute.writeInt32(20, 2);
                      }));
            }));
    graph.writeBytes(
        1,
        message(
            node -> {
              node.writeString(1, "w");
              node.writeString(1, "positions");
              node.writeString(2, "y");
              node.writeString(4, "Gather");
            }));
    graph.writeBytes(
        5,
        message(
            tensor -> {
              tensor.writeInt64(1, count);
              tensor.writeInt32(2, FLOAT);
              tensor.writeString(8, "w");
              tensor.writeByteArray(9, ones.array());
            }));
    writeValue(graph, 11, "x");
    writeValue(graph, 12, "y");
  }

  private static void writeValue(CodedOutputStream graph, int field, String name)
      throws IOException {
    ByteString rows = message(dimension -> dimension.writeString(2, "n"));
    ByteString shape = message(dimensions -> dimensions.writeBytes(1, rows));
    ByteString tensor =
        message(
            type -> {
              type.writeInt32(1, FLOAT);
              type.writeBytes(2, shape);
            });
    graph.writeBytes(
        field,
        message(
            value -> {
              value.writeString(1, name);
              value.writeBytes(2, message(type -> type.writeBytes(1, tensor)));
            }));
  }

  private static ByteString message(Fields fields) {
    try {
      ByteString.Output bytes = ByteString.newOutput();
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      fields.writeTo(out);
      out.flush();
      return bytes.toByteString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

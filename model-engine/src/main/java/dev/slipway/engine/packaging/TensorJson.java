package dev.slipway.engine.packaging;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.engine.json.JsonElements;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** The JSON form of a tensor in golden requests; {@link GoldenRequests} documents it. */
final class TensorJson {

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private TensorJson() {}

  static Tensor read(JsonNode node, String where) {
    String name = text(node, "name", where);
    String type = text(node, "datatype", where);
    DataType datatype =
        DataType.findByOipName(type)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(where + ".datatype is the unknown type " + type));
    Shape shape = shape(node.path("shape"), where + ".shape");
    JsonNode data = node.path("data");
    if (!data.isArray()) {
      throw new IllegalArgumentException(where + ".data must be a list");
    }
    if (datatype == DataType.BYTES) {
      List<byte[]> values = new ArrayList<>();
      for (int i = 0; i < data.size(); i++) {
        values.add(JsonElements.readBytes(data.get(i), where + ".data[" + i + "]"));
      }
      return Tensor.ofBytes(name, shape, values.toArray(byte[][]::new));
    }
    ByteBuffer buffer =
        ByteBuffer.allocate(Math.multiplyExact(data.size(), datatype.elementSizeBytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < data.size(); i++) {
      JsonElements.put(buffer, datatype, data.get(i), where + ".data[" + i + "]");
    }
    return Tensor.of(name, datatype, shape, buffer.flip());
  }

  private static String text(JsonNode node, String member, String where) {
    if (!node.path(member).isTextual()) {
      throw new IllegalArgumentException(where + "." + member + " must be a string");
    }
    return node.path(member).textValue();
  }

  private static Shape shape(JsonNode node, String where) {
    List<Long> dimensions = new ArrayList<>();
    for (JsonNode dimension : node) {
      if (!dimension.isIntegralNumber()
          || !dimension.canConvertToLong()
          || dimension.longValue() < 0) {
        throw new IllegalArgumentException(where + " must be a list of whole numbers from 0");
      }
      dimensions.add(dimension.longValue());
    }
    if (!node.isArray()) {
      throw new IllegalArgumentException(where + " must be a list of whole numbers from 0");
    }
    return Shape.of(dimensions);
  }

  static ObjectNode write(Tensor tensor) {
    ObjectNode node = NODES.objectNode();
    node.put("name", tensor.name());
    node.put("datatype", tensor.datatype().oipName());
    ArrayNode shape = node.putArray("shape");
    tensor.shape().toList().forEach(shape::add);
    ArrayNode data = node.putArray("data");
    if (tensor.datatype() == DataType.BYTES) {
      for (byte[] value : tensor.toBytes()) {
        data.add(JsonElements.writeBytes(value));
      }
      return node;
    }
    ByteBuffer buffer = tensor.data();
    while (buffer.hasRemaining()) {
      data.add(JsonElements.next(buffer, tensor.datatype()));
    }
    return node;
  }
}

package dev.slipway.gateway.scoring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.slipway.engine.json.JsonElements;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.serving.v1.BytesValues;
import dev.slipway.serving.v1.Tensor;
import dev.slipway.serving.v1.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Makes tensors of nested lists, and lists of tensors. */
final class NestedLists {
  private static final String TYPE_PREFIX = "DATA_TYPE_";

  private NestedLists() {}

  /**
   * Makes a tensor; its shape is that of the lists.
   *
   * @throws ScoringException if the lists of one depth differ in length, or a value is not of the
   *     tensor's type
   */
  static Tensor tensor(TensorInfo info, JsonNode lists, String where) {
    List<Long> shape = new ArrayList<>();
    for (JsonNode list = lists; list.isArray(); list = list.path(0)) {
      shape.add((long) list.size());
    }
    List<JsonNode> elements = new ArrayList<>();
    flatten(lists, shape, 0, where, elements);
    Tensor.Builder tensor =
        Tensor.newBuilder()
            .setName(info.getName())
            .setDataType(info.getDataType())
            .addAllShape(shape);
    DataType type = type(info.getDataType());
    if (type == DataType.BYTES) {
      BytesValues.Builder values = BytesValues.newBuilder();
      each(elements, where, value -> values.addValues(bytes(value)));
      return tensor.setByteStrings(values).build();
    }
    ByteBuffer raw =
        ByteBuffer.allocate(Math.multiplyExact(elements.size(), type.elementSizeBytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    each(elements, where, value -> JsonElements.put(raw, type, value, ""));
    return tensor.setRaw(UnsafeByteOperations.unsafeWrap(raw.flip())).build();
  }

  private static ByteString bytes(JsonNode value) {
    return ByteString.copyFrom(JsonElements.readBytes(value, ""));
  }

  private static void each(List<JsonNode> elements, String where, Consumer<JsonNode> reader) {
    for (int i = 0; i < elements.size(); i++) {
      try {
        reader.accept(elements.get(i));
      } catch (IllegalArgumentException e) {
        throw new ScoringException(
            "%s: value %d, counted from 0 along the rows,%s".formatted(where, i, e.getMessage()),
            e);
      }
    }
  }

  private static void flatten(
      JsonNode node, List<Long> shape, int depth, String where, List<JsonNode> elements) {
    if (depth == shape.size()) {
      if (node.isArray()) {
        throw new ScoringException(where + " is a list where others at that depth are values");
      }
      elements.add(node);
      return;
    }
    if (!node.isArray() || node.size() != shape.get(depth)) {
      throw new ScoringException(
          "%s must be a list of %d, as long as the first list at that depth"
              .formatted(where, shape.get(depth)));
    }
    for (int i = 0; i < node.size(); i++) {
      flatten(node.get(i), shape, depth + 1, where + "[" + i + "]", elements);
    }
  }

  /** Returns a tensor of an answer, which is raw, as nested lists. */
  static JsonNode of(Tensor tensor) {
    DataType type = type(tensor.getDataType());
    ByteBuffer raw = tensor.getRaw().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    return list(tensor.getShapeList(), 0, type, raw);
  }

  private static JsonNode list(List<Long> shape, int depth, DataType type, ByteBuffer raw) {
    if (depth == shape.size()) {
      return element(type, raw);
    }
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    for (long i = 0; i < shape.get(depth); i++) {
      list.add(list(shape, depth + 1, type, raw));
    }
    return list;
  }

  private static JsonNode element(DataType type, ByteBuffer raw) {
    if (type != DataType.BYTES) {
      return JsonElements.next(raw, type);
    }
    byte[] value = new byte[raw.getInt()];
    raw.get(value);
    return JsonElements.writeBytes(value);
  }

  /** Returns the engine's name of a tensor's type. */
  static DataType type(dev.slipway.serving.v1.DataType type) {
    return DataType.valueOf(type.name().substring(TYPE_PREFIX.length()));
  }
}

package dev.slipway.serving.remote;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.HalfFloats;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The JSON of TensorFlow Serving's REST interface, in its columnar form: <a
 * href="https://www.tensorflow.org/tfx/serving/api_rest">RESTful API</a>. Tensors are nested lists;
 * texts travel as {@code {"b64": ...}}, so that any bytes do; numbers that are none are NaN and
 * Infinity without quotes, as its parser has them. What does not follow the form is refused with
 * {@link IllegalArgumentException}.
 */
final class TensorflowJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                  .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
                  .build())
          .build();

  private static final Map<String, DataType> TYPES =
      Map.ofEntries(
          Map.entry("DT_BOOL", DataType.BOOL),
          Map.entry("DT_INT8", DataType.INT8),
          Map.entry("DT_UINT8", DataType.UINT8),
          Map.entry("DT_INT16", DataType.INT16),
          Map.entry("DT_UINT16", DataType.UINT16),
          Map.entry("DT_INT32", DataType.INT32),
          Map.entry("DT_UINT32", DataType.UINT32),
          Map.entry("DT_INT64", DataType.INT64),
          Map.entry("DT_UINT64", DataType.UINT64),
          Map.entry("DT_HALF", DataType.FP16),
          Map.entry("DT_BFLOAT16", DataType.BF16),
          Map.entry("DT_FLOAT", DataType.FP32),
          Map.entry("DT_DOUBLE", DataType.FP64),
          Map.entry("DT_STRING", DataType.BYTES));

  private TensorflowJson() {}

  static JsonNode parse(byte[] json) {
    try {
      JsonNode node = MAPPER.readTree(json);
      return node == null ? MAPPER.missingNode() : node;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns what an error reply says. */
  static Optional<String> error(byte[] json) {
    try {
      return Optional.ofNullable(parse(json).path("error").textValue());
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Reads one signature of a reply to {@code GET .../metadata}. */
  static RemoteServer.Description describe(byte[] json, String signature) {
    JsonNode all = parse(json).path("metadata").path("signature_def").path("signature_def");
    JsonNode one = all.path(signature);
    if (!one.isObject()) {
      List<String> names = new ArrayList<>();
      all.fieldNames().forEachRemaining(names::add);
      throw new IllegalArgumentException(
          "the model has no signature \"" + signature + "\", but " + names);
    }
    return new RemoteServer.Description(tensors(one.path("inputs")), tensors(one.path("outputs")));
  }

  private static List<TensorMetadata> tensors(JsonNode described) {
    List<TensorMetadata> tensors = new ArrayList<>();
    described
        .properties()
        .forEach(
            entry -> {
              String name = entry.getKey();
              JsonNode tensor = entry.getValue();
              DataType datatype = TYPES.get(tensor.path("dtype").asText());
              if (datatype == null) {
                throw new IllegalArgumentException(
                    name + " has the type " + tensor.path("dtype").asText());
              }
              JsonNode shape = tensor.path("tensor_shape");
              if (shape.path("unknown_rank").asBoolean()) {
                throw new IllegalArgumentException(name + " has no known number of dimensions");
              }
              List<Long> sizes = new ArrayList<>();
              // Whole numbers of 64 bits are texts in protobuf's JSON.
              shape.path("dim").forEach(dim -> sizes.add(dim.path("size").asLong(Shape.ANY)));
              tensors.add(new TensorMetadata(name, datatype, Shape.of(sizes)));
            });
    return tensors;
  }

  /** Writes the body of {@code POST ...:predict}. */
  static byte[] request(String signature, List<Tensor> inputs) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = MAPPER.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("signature_name", signature);
      json.writeObjectFieldStart("inputs");
      for (Tensor input : inputs) {
        json.writeFieldName(input.name());
        write(json, input.shape(), 0, input.datatype(), input.data());
      }
      json.writeEndObject();
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void write(
      JsonGenerator json, Shape shape, int axis, DataType datatype, ByteBuffer data)
      throws IOException {
    if (axis == shape.rank()) {
      write(json, datatype, data);
      return;
    }
    json.writeStartArray();
    for (long i = 0; i < shape.dimension(axis); i++) {
      write(json, shape, axis + 1, datatype, data);
    }
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, DataType datatype, ByteBuffer data)
      throws IOException {
    switch (datatype) {
      case BOOL -> json.writeBoolean(data.get() != 0);
      case INT8 -> json.writeNumber(data.get());
      case UINT8 -> json.writeNumber(Byte.toUnsignedInt(data.get()));
      case INT16 -> json.writeNumber(data.getShort());
      case UINT16 -> json.writeNumber(Short.toUnsignedInt(data.getShort()));
      case INT32 -> json.writeNumber(data.getInt());
      case UINT32 -> json.writeNumber(Integer.toUnsignedLong(data.getInt()));
      case INT64 -> json.writeNumber(data.getLong());
      case UINT64 -> json.writeNumber(new BigInteger(Long.toUnsignedString(data.getLong())));
      case FP16 -> json.writeNumber(HalfFloats.fp16ToFloat(data.getShort()));
      case BF16 -> json.writeNumber(HalfFloats.bf16ToFloat(data.getShort()));
      case FP32 -> json.writeNumber(data.getFloat());
      case FP64 -> json.writeNumber(data.getDouble());
      case BYTES -> {
        byte[] text = new byte[data.getInt()];
        data.get(text);
        json.writeStartObject();
        json.writeStringField("b64", Base64.getEncoder().encodeToString(text));
        json.writeEndObject();
      }
    }
  }

  /**
   * Reads a reply to {@code POST ...:predict}: an object of all outputs, or the bare tensor where
   * the model has a single one.
   *
   * @param described every output of the model
   * @param wanted those to read
   */
  static List<Tensor> response(
      byte[] json, List<TensorMetadata> described, List<TensorMetadata> wanted) {
    JsonNode outputs = parse(json).path("outputs");
    List<Tensor> tensors = new ArrayList<>();
    for (TensorMetadata output : wanted) {
      JsonNode value = described.size() == 1 ? outputs : outputs.path(output.name());
      if (value.isMissingNode()) {
        throw new IllegalArgumentException("no output \"" + output.name() + "\"");
      }
      tensors.add(new Reading(output).read(value));
    }
    return tensors;
  }

  /** Reads one tensor. */
  private static final class Reading {
    private final TensorMetadata output;
    private final List<Long> sizes = new ArrayList<>();
    private final List<JsonNode> values = new ArrayList<>();

    Reading(TensorMetadata output) {
      this.output = output;
    }

    Tensor read(JsonNode value) {
      gather(value, 0);
      // A list without elements does not tell what they would have been.
      while (values.isEmpty() && sizes.size() < output.shape().rank()) {
        sizes.add(Math.max(0, output.shape().dimension(sizes.size())));
      }
      Shape shape = Shape.of(sizes);
      if (output.datatype() == DataType.BYTES) {
        return Tensor.ofBytes(
            output.name(), shape, values.stream().map(this::text).toArray(byte[][]::new));
      }
      ByteBuffer data =
          ByteBuffer.allocate(
                  Math.multiplyExact(values.size(), output.datatype().elementSizeBytes()))
              .order(ByteOrder.LITTLE_ENDIAN);
      values.forEach(number -> put(data, number));
      return Tensor.of(output.name(), output.datatype(), shape, data.flip());
    }

    private void gather(JsonNode value, int axis) {
      if (!value.isArray()) {
        require(axis == sizes.size(), "is not a regular list of lists");
        values.add(value);
        return;
      }
      require(axis < Shape.MAX_RANK, "is nested too deeply");
      if (axis == sizes.size()) {
        require(values.isEmpty(), "is not a regular list of lists");
        sizes.add((long) value.size());
      }
      require(sizes.get(axis) == value.size(), "has rows of different lengths");
      value.forEach(element -> gather(element, axis + 1));
    }

    private void require(boolean holds, String problem) {
      if (!holds) {
        throw new IllegalArgumentException("output \"" + output.name() + "\" " + problem);
      }
    }

    private byte[] text(JsonNode value) {
      JsonNode encoded = value.path("b64");
      require(value.isTextual() || encoded.isTextual(), "has an element that is no text");
      return value.isTextual()
          ? value.textValue().getBytes(StandardCharsets.UTF_8)
          : Base64.getDecoder().decode(encoded.textValue());
    }

    private void put(ByteBuffer data, JsonNode value) {
      DataType datatype = output.datatype();
      if (datatype == DataType.BOOL) {
        require(value.isBoolean(), "has an element that is not true or false");
        data.put((byte) (value.booleanValue() ? 1 : 0));
        return;
      }
      require(value.isNumber(), "has an element that is no number");
      require(
          !datatype.isInteger() || value.isIntegralNumber(),
          "has an element that is no whole number");
      switch (datatype) {
        case INT8, UINT8 -> data.put((byte) value.intValue());
        case INT16, UINT16 -> data.putShort((short) value.intValue());
        case INT32, UINT32 -> data.putInt((int) value.longValue());
        case INT64, UINT64 -> data.putLong(value.bigIntegerValue().longValue());
        case FP16 -> data.putShort(HalfFloats.floatToFp16(value.floatValue()));
        case BF16 -> data.putShort(HalfFloats.floatToBf16(value.floatValue()));
        case FP32 -> data.putFloat(value.floatValue());
        default -> data.putDouble(value.doubleValue());
      }
    }
  }
}

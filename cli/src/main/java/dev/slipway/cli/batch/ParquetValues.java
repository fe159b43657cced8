package dev.slipway.cli.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.NanoTime;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DateLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.EnumLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.JsonLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.MapLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;

/**
 * Reads rows of Parquet as the JSON that the model's inputs are read from: numbers as numbers,
 * moments and days as ISO 8601, bytes as base64, what is nested as lists and objects. A moment
 * without a zone is one of UTC.
 */
final class ParquetValues {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** Day number of 1970-01-01 in the calendar of INT96. */
  private static final long JULIAN_EPOCH_DAY = 2_440_588;

  private ParquetValues() {}

  /** Returns a row, or a record within one, as an object. */
  static ObjectNode read(Group group) {
    ObjectNode row = NODES.objectNode();
    for (int field = 0; field < group.getType().getFieldCount(); field++) {
      Type type = group.getType().getType(field);
      if (type.isRepetition(Repetition.REPEATED)) {
        row.set(type.getName(), repeated(group, field, type));
      } else {
        row.set(
            type.getName(),
            group.getFieldRepetitionCount(field) == 0
                ? NODES.nullNode()
                : value(group, field, 0, type));
      }
    }
    return row;
  }

  private static ArrayNode repeated(Group group, int field, Type type) {
    ArrayNode values = NODES.arrayNode();
    for (int i = 0; i < group.getFieldRepetitionCount(field); i++) {
      values.add(value(group, field, i, type));
    }
    return values;
  }

  private static JsonNode value(Group group, int field, int index, Type type) {
    if (type.isPrimitive()) {
      return primitive(group, field, index, type);
    }
    Group inner = group.getGroup(field, index);
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    if (logical instanceof ListLogicalTypeAnnotation) {
      return list(inner);
    }
    if (logical instanceof MapLogicalTypeAnnotation) {
      return map(inner);
    }
    return read(inner);
  }

  /** Reads a list: a repeated group of one field, or in old files a repeated value. */
  private static ArrayNode list(Group list) {
    ArrayNode values = NODES.arrayNode();
    Type element = list.getType().getType(0);
    for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
      if (!element.isPrimitive() && element.asGroupType().getFieldCount() == 1) {
        Group wrapper = list.getGroup(0, i);
        values.add(
            wrapper.getFieldRepetitionCount(0) == 0
                ? NODES.nullNode()
                : value(wrapper, 0, 0, element.asGroupType().getType(0)));
      } else {
        values.add(value(list, 0, i, element));
      }
    }
    return values;
  }

  private static ObjectNode map(Group map) {
    ObjectNode values = NODES.objectNode();
    for (int i = 0; i < map.getFieldRepetitionCount(0); i++) {
      Group entry = map.getGroup(0, i);
      values.set(
          value(entry, 0, 0, entry.getType().getType(0)).asText(),
          entry.getFieldRepetitionCount(1) == 0
              ? NODES.nullNode()
              : value(entry, 1, 0, entry.getType().getType(1)));
    }
    return values;
  }

  private static JsonNode primitive(Group group, int field, int index, Type type) {
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    switch (type.asPrimitiveType().getPrimitiveTypeName()) {
      case BOOLEAN -> {
        return NODES.booleanNode(group.getBoolean(field, index));
      }
      case FLOAT -> {
        float value = group.getFloat(field, index);
        return Float.isFinite(value)
            ? NODES.numberNode(value)
            : NODES.textNode(Float.toString(value));
      }
      case DOUBLE -> {
        double value = group.getDouble(field, index);
        return Double.isFinite(value)
            ? NODES.numberNode(value)
            : NODES.textNode(Double.toString(value));
      }
      case INT32 -> {
        return whole(group.getInteger(field, index), Integer.SIZE, logical);
      }
      case INT64 -> {
        return whole(group.getLong(field, index), Long.SIZE, logical);
      }
      case INT96 -> {
        NanoTime time = NanoTime.fromBinary(group.getInt96(field, index));
        return NODES.textNode(
            Instant.EPOCH
                .plus(time.getJulianDay() - JULIAN_EPOCH_DAY, ChronoUnit.DAYS)
                .plusNanos(time.getTimeOfDayNanos())
                .toString());
      }
      default -> {
        return bytes(group.getBinary(field, index).getBytes(), logical);
      }
    }
  }

  private static JsonNode whole(long value, int bits, LogicalTypeAnnotation logical) {
    if (logical instanceof DateLogicalTypeAnnotation) {
      return NODES.textNode(LocalDate.ofEpochDay(value).toString());
    }
    if (logical instanceof TimestampLogicalTypeAnnotation timestamp) {
      ChronoUnit unit =
          switch (timestamp.getUnit()) {
            case MILLIS -> ChronoUnit.MILLIS;
            case MICROS -> ChronoUnit.MICROS;
            case NANOS -> ChronoUnit.NANOS;
          };
      return NODES.textNode(Instant.EPOCH.plus(value, unit).toString());
    }
    if (logical instanceof DecimalLogicalTypeAnnotation decimal) {
      return NODES.numberNode(BigDecimal.valueOf(value, decimal.getScale()));
    }
    if (logical instanceof IntLogicalTypeAnnotation integer && !integer.isSigned()) {
      return bits == Integer.SIZE
          ? NODES.numberNode(Integer.toUnsignedLong((int) value))
          : NODES.numberNode(new BigInteger(Long.toUnsignedString(value)));
    }
    return NODES.numberNode(value);
  }

  private static JsonNode bytes(byte[] value, LogicalTypeAnnotation logical) {
    if (logical instanceof StringLogicalTypeAnnotation
        || logical instanceof EnumLogicalTypeAnnotation
        || logical instanceof JsonLogicalTypeAnnotation) {
      return NODES.textNode(new String(value, StandardCharsets.UTF_8));
    }
    if (logical instanceof DecimalLogicalTypeAnnotation decimal) {
      return NODES.numberNode(new BigDecimal(new BigInteger(value), decimal.getScale()));
    }
    return NODES.textNode(Base64.getEncoder().encodeToString(value));
  }

  /** Returns about how many characters a value takes as text. */
  static long size(JsonNode value) {
    if (value.isContainerNode()) {
      long size = 0;
      for (JsonNode member : value) {
        size += size(member);
      }
      return size;
    }
    return value.isTextual() ? value.textValue().length() : Long.BYTES;
  }

  /** Returns as what values of a column are copied. */
  static OutputColumn.Type type(Type type) {
    if (!type.isPrimitive() || type.isRepetition(Repetition.REPEATED)) {
      return OutputColumn.Type.TEXT;
    }
    LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
    boolean plain =
        logical == null
            || (logical instanceof IntLogicalTypeAnnotation integer && integer.isSigned());
    return switch (type.asPrimitiveType().getPrimitiveTypeName()) {
      case BOOLEAN -> OutputColumn.Type.BOOLEAN;
      case FLOAT -> OutputColumn.Type.FLOAT;
      case DOUBLE -> OutputColumn.Type.DOUBLE;
      case INT32 -> plain ? OutputColumn.Type.INTEGER : OutputColumn.Type.TEXT;
      case INT64 -> {
        if (logical instanceof TimestampLogicalTypeAnnotation) {
          yield OutputColumn.Type.DATETIME;
        }
        yield plain ? OutputColumn.Type.LONG : OutputColumn.Type.TEXT;
      }
      case INT96 -> OutputColumn.Type.DATETIME;
      case BINARY -> logical == null ? OutputColumn.Type.BINARY : OutputColumn.Type.TEXT;
      case FIXED_LEN_BYTE_ARRAY ->
          logical == null ? OutputColumn.Type.BINARY : OutputColumn.Type.TEXT;
    };
  }
}

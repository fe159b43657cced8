package dev.slipway.serving.rpc;

import com.google.protobuf.ByteString;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ColumnSpec;
import dev.slipway.engine.signature.ColumnType;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.tensor.HalfFloats;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.inference.InferenceRequest.InputSource;
import dev.slipway.serving.inference.RowFault;
import dev.slipway.serving.inference.RowFaults;
import dev.slipway.serving.model.LoadedModel;
import dev.slipway.serving.v1.BoolValues;
import dev.slipway.serving.v1.Column;
import dev.slipway.serving.v1.DataFrame;
import dev.slipway.serving.v1.DoubleValues;
import dev.slipway.serving.v1.FloatValues;
import dev.slipway.serving.v1.Int32Values;
import dev.slipway.serving.v1.Int64Values;
import dev.slipway.serving.v1.StringValues;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A table as inputs, one tensor per column that the signature declares, and outputs as a table.
 * Values are widened where that loses nothing (int32 to long or double, float to double), never
 * narrowed.
 */
final class DataFrames implements InputSource {
  private static final String FIELD = "data_frame.columns";

  private final DataFrame message;
  private final Optional<RowFaults> rowFaults;

  /**
   * Creates a source.
   *
   * @param rowFaults gets the rows that lack a value; absent when that is the request's fault
   */
  DataFrames(DataFrame message, Optional<RowFaults> rowFaults) {
    this.message = message;
    this.rowFaults = rowFaults;
  }

  @Override
  public long sizeBytes() {
    return message.getSerializedSize();
  }

  @Override
  public String field() {
    return FIELD;
  }

  @Override
  public List<Tensor> read(LoadedModel model, Violations violations) {
    Optional<Schema> declared = model.modelPackage().signature().flatMap(ModelSignature::inputs);
    if (declared.isEmpty() || !(declared.get() instanceof ColumnSchema schema)) {
      throw new NoColumnSignatureException(model.version().key());
    }
    List<Tensor> tensors = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    long rows = message.getRowCount();
    for (int i = 0; i < message.getColumnsCount(); i++) {
      Column column = message.getColumns(i);
      String field = FIELD + "[" + i + "]";
      int size = sizeOf(column);
      if (rows == 0) {
        rows = size;
      }
      Optional<ColumnSpec> spec = find(schema, column.getName(), i);
      if (spec.isEmpty()) {
        violations.add(
            field + ".name",
            "unknown column \"" + column.getName() + "\"; the model takes " + names(schema));
      } else if (!seen.add(column.getName().isEmpty() ? "column_" + i : column.getName())) {
        violations.add(field + ".name", "column \"" + column.getName() + "\" is given twice");
      } else if (size != rows) {
        violations.add(
            field,
            "column \"" + column.getName() + "\" has " + size + " values for " + rows + " rows");
      } else {
        String name = spec.get().name().orElse("column_" + i);
        read(column, name, spec.get(), field, violations).ifPresent(tensors::add);
      }
    }
    return tensors;
  }

  private static Optional<ColumnSpec> find(ColumnSchema schema, String name, int index) {
    if (name.isEmpty()) {
      return index < schema.columns().size() && schema.columns().get(index).name().isEmpty()
          ? Optional.of(schema.columns().get(index))
          : Optional.empty();
    }
    return schema.columns().stream()
        .filter(spec -> spec.name().equals(Optional.of(name)))
        .findFirst();
  }

  private static List<String> names(ColumnSchema schema) {
    return schema.columns().stream().map(spec -> spec.name().orElse("")).toList();
  }

  private static int sizeOf(Column column) {
    return switch (column.getValuesCase()) {
      case BOOLS -> column.getBools().getValuesCount();
      case INT32S -> column.getInt32S().getValuesCount();
      case INT64S -> column.getInt64S().getValuesCount();
      case FLOATS -> column.getFloats().getValuesCount();
      case DOUBLES -> column.getDoubles().getValuesCount();
      case STRINGS -> column.getStrings().getValuesCount();
      case BYTE_STRINGS -> column.getByteStrings().getValuesCount();
      case TIMESTAMPS_MICROS -> column.getTimestampsMicros().getValuesCount();
      case JSON -> column.getJson().getValuesCount();
      case VALUES_NOT_SET -> 0;
    };
  }

  private Optional<Tensor> read(
      Column column, String name, ColumnSpec spec, String field, Violations violations) {
    ColumnType type = spec.type();
    String typeName = type instanceof ScalarType scalar ? scalar.mlflowName() : "a nested type";
    Optional<Tensor> tensor =
        type instanceof ScalarType scalar ? convert(column, name, scalar) : nested(column, name);
    if (tensor.isEmpty()) {
      violations.add(
          field + ".values",
          "column \""
              + name
              + "\" is declared as "
              + typeName
              + ", which "
              + column.getValuesCase().name().toLowerCase(java.util.Locale.ROOT)
              + " do not carry");
    }
    boolean mayBeMissing = type == ScalarType.FLOAT || type == ScalarType.DOUBLE;
    if (tensor.isPresent() && column.getNullRowsCount() > 0 && !mayBeMissing) {
      String problem =
          "column \"" + name + "\" of type " + typeName + " cannot have missing values";
      if (rowFaults.isEmpty()) {
        violations.add(field + ".null_rows", problem);
        return Optional.empty();
      }
      InvalidRequestException fault = InvalidRequestException.of(field + ".null_rows", problem);
      column.getNullRowsList().forEach(row -> rowFaults.get().add(row, name, fault));
    }
    int size = sizeOf(column);
    for (int row : column.getNullRowsList()) {
      if (row < 0 || row >= size) {
        violations.add(
            field + ".null_rows",
            "row " + Integer.toUnsignedString(row) + " is not one of " + size);
        return Optional.empty();
      }
    }
    return tensor;
  }

  private static Optional<Tensor> convert(Column column, String name, ScalarType type) {
    Shape shape = Shape.of(sizeOf(column));
    Column.ValuesCase values = column.getValuesCase();
    return switch (type) {
      case BOOLEAN ->
          only(
              values == Column.ValuesCase.BOOLS,
              () -> {
                boolean[] array = new boolean[sizeOf(column)];
                for (int i = 0; i < array.length; i++) {
                  array[i] = column.getBools().getValues(i);
                }
                return Tensor.ofBooleans(name, shape, array);
              });
      case INTEGER ->
          only(
              values == Column.ValuesCase.INT32S,
              () ->
                  Tensor.ofInts(
                      name,
                      shape,
                      column.getInt32S().getValuesList().stream()
                          .mapToInt(Integer::intValue)
                          .toArray()));
      case LONG ->
          switch (values) {
            case INT32S ->
                Optional.of(
                    Tensor.ofLongs(
                        name,
                        shape,
                        column.getInt32S().getValuesList().stream()
                            .mapToLong(Integer::longValue)
                            .toArray()));
            case INT64S ->
                Optional.of(
                    Tensor.ofLongs(
                        name,
                        shape,
                        column.getInt64S().getValuesList().stream()
                            .mapToLong(Long::longValue)
                            .toArray()));
            default -> Optional.empty();
          };
      case FLOAT ->
          only(
              values == Column.ValuesCase.FLOATS,
              () -> {
                float[] array = new float[sizeOf(column)];
                for (int i = 0; i < array.length; i++) {
                  array[i] = column.getFloats().getValues(i);
                }
                column.getNullRowsList().stream()
                    .filter(row -> row >= 0 && row < array.length)
                    .forEach(row -> array[row] = Float.NaN);
                return Tensor.ofFloats(name, shape, array);
              });
      case DOUBLE -> doubles(column).map(array -> Tensor.ofDoubles(name, shape, array));
      case STRING ->
          only(
              values == Column.ValuesCase.STRINGS,
              () ->
                  Tensor.ofStrings(
                      name, shape, column.getStrings().getValuesList().toArray(String[]::new)));
      case BINARY ->
          only(
              values == Column.ValuesCase.BYTE_STRINGS,
              () ->
                  Tensor.ofBytes(
                      name,
                      shape,
                      column.getByteStrings().getValuesList().stream()
                          .map(ByteString::toByteArray)
                          .toArray(byte[][]::new)));
      case DATETIME ->
          only(
              values == Column.ValuesCase.TIMESTAMPS_MICROS,
              () ->
                  Tensor.ofStrings(
                      name,
                      shape,
                      column.getTimestampsMicros().getValuesList().stream()
                          .map(micros -> Instant.EPOCH.plus(micros, ChronoUnit.MICROS).toString())
                          .toArray(String[]::new)));
    };
  }

  /** Returns nested values as the text in which engines that take them do. */
  private static Optional<Tensor> nested(Column column, String name) {
    return only(
        column.getValuesCase() == Column.ValuesCase.JSON,
        () ->
            Tensor.ofStrings(
                name,
                Shape.of(sizeOf(column)),
                column.getJson().getValuesList().toArray(String[]::new)));
  }

  private static Optional<Tensor> only(boolean fits, java.util.function.Supplier<Tensor> tensor) {
    return fits ? Optional.of(tensor.get()) : Optional.empty();
  }

  private static Optional<double[]> doubles(Column column) {
    double[] array =
        switch (column.getValuesCase()) {
          case INT32S ->
              column.getInt32S().getValuesList().stream()
                  .mapToDouble(Integer::doubleValue)
                  .toArray();
          case FLOATS ->
              column.getFloats().getValuesList().stream().mapToDouble(Float::doubleValue).toArray();
          case DOUBLES ->
              column.getDoubles().getValuesList().stream()
                  .mapToDouble(Double::doubleValue)
                  .toArray();
          default -> null;
        };
    if (array == null) {
      return Optional.empty();
    }
    column.getNullRowsList().stream()
        .filter(row -> row >= 0 && row < array.length)
        .forEach(row -> array[row] = Double.NaN);
    return Optional.of(array);
  }

  /**
   * Writes outputs that have a row per row as columns; those with several values per row, or of
   * nested types, as JSON. Rows with faults are missing.
   *
   * @param signature of the model that gave them
   */
  static DataFrame write(
      List<Tensor> tensors, Optional<ModelSignature> signature, List<RowFault> faults) {
    Set<String> nested = nestedOutputs(signature);
    long rows =
        tensors.isEmpty() || tensors.get(0).shape().rank() == 0
            ? 1
            : tensors.get(0).shape().dimension(0);
    DataFrame.Builder frame = DataFrame.newBuilder().setRowCount(rows);
    List<Integer> missing = faults.stream().map(fault -> (int) fault.row()).toList();
    tensors.forEach(
        tensor ->
            frame.addColumns(
                column(tensor, Math.toIntExact(rows), nested.contains(tensor.name())).toBuilder()
                    .addAllNullRows(missing)));
    return frame.build();
  }

  private static Set<String> nestedOutputs(Optional<ModelSignature> signature) {
    Set<String> names = new HashSet<>();
    if (signature.flatMap(ModelSignature::outputs).orElse(null) instanceof ColumnSchema schema) {
      schema.columns().stream()
          .filter(column -> !(column.type() instanceof ScalarType))
          .forEach(column -> column.name().ifPresent(names::add));
    }
    return names;
  }

  private static Column column(Tensor tensor, int rows, boolean nested) {
    Column.Builder column = Column.newBuilder().setName(tensor.name());
    Object[] values = values(tensor);
    if (values.length != rows) {
      int perRow = rows == 0 ? 0 : values.length / rows;
      StringValues.Builder json = StringValues.newBuilder();
      for (int row = 0; row < rows; row++) {
        json.addValues(json(Arrays.asList(values).subList(row * perRow, (row + 1) * perRow)));
      }
      return column.setJson(json).build();
    }
    switch (tensor.datatype()) {
      case BOOL -> {
        BoolValues.Builder list = BoolValues.newBuilder();
        Arrays.stream(values).forEach(value -> list.addValues((Boolean) value));
        column.setBools(list);
      }
      case INT8, INT16, INT32, UINT8, UINT16 -> {
        Int32Values.Builder list = Int32Values.newBuilder();
        Arrays.stream(values).forEach(value -> list.addValues(((Long) value).intValue()));
        column.setInt32S(list);
      }
      case INT64, UINT32, UINT64 -> {
        Int64Values.Builder list = Int64Values.newBuilder();
        Arrays.stream(values).forEach(value -> list.addValues((Long) value));
        column.setInt64S(list);
      }
      case FP16, BF16, FP32 -> {
        FloatValues.Builder list = FloatValues.newBuilder();
        Arrays.stream(values).forEach(value -> list.addValues(((Double) value).floatValue()));
        column.setFloats(list);
      }
      case FP64 -> {
        DoubleValues.Builder list = DoubleValues.newBuilder();
        Arrays.stream(values).forEach(value -> list.addValues((Double) value));
        column.setDoubles(list);
      }
      case BYTES -> {
        StringValues.Builder list = StringValues.newBuilder();
        Arrays.stream(values).forEach(value -> list.addValues((String) value));
        if (nested) {
          column.setJson(list);
        } else {
          column.setStrings(list);
        }
      }
    }
    return column.build();
  }

  private static Object[] values(Tensor tensor) {
    if (tensor.datatype() == dev.slipway.engine.tensor.DataType.BYTES) {
      return tensor.toStrings();
    }
    Object[] values = new Object[Math.toIntExact(tensor.elementCount())];
    ByteBuffer data = tensor.data();
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (tensor.datatype()) {
            case BOOL -> data.get() != 0;
            case INT8 -> (long) data.get();
            case UINT8 -> (long) Byte.toUnsignedInt(data.get());
            case INT16 -> (long) data.getShort();
            case UINT16 -> (long) Short.toUnsignedInt(data.getShort());
            case INT32 -> (long) data.getInt();
            case UINT32 -> Integer.toUnsignedLong(data.getInt());
            case INT64, UINT64 -> data.getLong();
            case FP16 -> (double) HalfFloats.fp16ToFloat(data.getShort());
            case BF16 -> (double) HalfFloats.bf16ToFloat(data.getShort());
            case FP32 -> (double) data.getFloat();
            case FP64 -> data.getDouble();
            case BYTES -> throw new AssertionError("read above");
          };
    }
    return values;
  }

  private static String json(List<Object> row) {
    StringBuilder json = new StringBuilder("[");
    for (Object value : row) {
      if (json.length() > 1) {
        json.append(',');
      }
      if (value instanceof String text) {
        json.append(quote(text));
      } else if (value instanceof Double number && (number.isNaN() || number.isInfinite())) {
        json.append('"').append(number).append('"');
      } else {
        json.append(value);
      }
    }
    return json.append(']').toString();
  }

  private static String quote(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ') {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}

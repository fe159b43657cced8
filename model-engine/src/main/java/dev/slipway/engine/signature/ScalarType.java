package dev.slipway.engine.signature;

import dev.slipway.engine.tensor.DataType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The scalar types of MLflow's columns and parameters. */
public enum ScalarType implements ColumnType {
  /** True or false. */
  BOOLEAN("boolean", DataType.BOOL),
  /** Signed 32 bits. */
  INTEGER("integer", DataType.INT32),
  /** Signed 64 bits. */
  LONG("long", DataType.INT64),
  /** IEEE 754 binary32. */
  FLOAT("float", DataType.FP32),
  /** IEEE 754 binary64. */
  DOUBLE("double", DataType.FP64),
  /** Text; as a tensor, UTF-8. */
  STRING("string", DataType.BYTES),
  /** Bytes. */
  BINARY("binary", DataType.BYTES),
  /** A point in time; as a tensor, ISO 8601 text in UTF-8. */
  DATETIME("datetime", DataType.BYTES);

  private final String mlflowName;
  private final DataType datatype;

  ScalarType(String mlflowName, DataType datatype) {
    this.mlflowName = mlflowName;
    this.datatype = datatype;
  }

  /** Returns MLflow's name. */
  public String mlflowName() {
    return mlflowName;
  }

  /** Returns the element type of a tensor that carries such a column. */
  public DataType datatype() {
    return datatype;
  }

  /** Tells whether values are numbers, whole or not. */
  public boolean isNumeric() {
    return datatype.isFloat() || datatype.isInteger();
  }

  /** Finds the type of MLflow's name. */
  static Optional<ScalarType> find(String mlflowName) {
    return Arrays.stream(values()).filter(type -> type.mlflowName.equals(mlflowName)).findFirst();
  }

  @Override
  public Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("type", mlflowName);
    return json;
  }
}

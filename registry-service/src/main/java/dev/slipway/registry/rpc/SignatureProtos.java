package dev.slipway.registry.rpc;

import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.slipway.engine.signature.ColumnSpec;
import dev.slipway.engine.signature.ColumnType;
import dev.slipway.engine.signature.ParamSpec;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.registry.v1.ArrayType;
import dev.slipway.registry.v1.ColumnSchema;
import dev.slipway.registry.v1.DataType;
import dev.slipway.registry.v1.MapType;
import dev.slipway.registry.v1.ModelSignature;
import dev.slipway.registry.v1.ObjectType;
import dev.slipway.registry.v1.Property;
import dev.slipway.registry.v1.Schema;
import dev.slipway.registry.v1.TensorSchema;
import java.util.List;
import java.util.Map;

/** Turns signatures and the values of an {@code MLmodel} file into messages. */
final class SignatureProtos {
  private SignatureProtos() {}

  static ModelSignature signature(dev.slipway.engine.signature.ModelSignature signature) {
    ModelSignature.Builder message = ModelSignature.newBuilder();
    signature.inputs().ifPresent(schema -> message.setInputs(schema(schema)));
    signature.outputs().ifPresent(schema -> message.setOutputs(schema(schema)));
    signature.params().forEach(param -> message.addParams(param(param)));
    return message.build();
  }

  static Struct struct(Map<?, ?> map) {
    Struct.Builder message = Struct.newBuilder();
    map.forEach((key, value) -> message.putFields(String.valueOf(key), value(value)));
    return message.build();
  }

  private static Value value(Object value) {
    Value.Builder message = Value.newBuilder();
    if (value == null) {
      message.setNullValue(NullValue.NULL_VALUE);
    } else if (value instanceof Boolean flag) {
      message.setBoolValue(flag);
    } else if (value instanceof Number number) {
      message.setNumberValue(number.doubleValue());
    } else if (value instanceof Map<?, ?> map) {
      message.setStructValue(struct(map));
    } else if (value instanceof List<?> list) {
      ListValue.Builder values = ListValue.newBuilder();
      list.forEach(item -> values.addValues(value(item)));
      message.setListValue(values);
    } else {
      message.setStringValue(value.toString());
    }
    return message.build();
  }

  private static Schema schema(dev.slipway.engine.signature.Schema schema) {
    if (schema instanceof dev.slipway.engine.signature.ColumnSchema of) {
      ColumnSchema.Builder columns = ColumnSchema.newBuilder();
      of.columns().forEach(column -> columns.addColumns(column(column)));
      return Schema.newBuilder().setColumns(columns).build();
    }
    TensorSchema.Builder tensors = TensorSchema.newBuilder();
    ((dev.slipway.engine.signature.TensorSchema) schema)
        .tensors()
        .forEach(tensor -> tensors.addTensors(tensor(tensor)));
    return Schema.newBuilder().setTensors(tensors).build();
  }

  private static dev.slipway.registry.v1.ColumnSpec column(ColumnSpec column) {
    return dev.slipway.registry.v1.ColumnSpec.newBuilder()
        .setName(column.name().orElse(""))
        .setType(type(column.type()))
        .setRequired(column.required())
        .build();
  }

  private static dev.slipway.registry.v1.TensorSpec tensor(TensorSpec tensor) {
    return dev.slipway.registry.v1.TensorSpec.newBuilder()
        .setName(tensor.name().orElse(""))
        .setDtype(tensor.dtype())
        .addAllShape(tensor.shape().toList())
        .build();
  }

  private static dev.slipway.registry.v1.ParamSpec param(ParamSpec param) {
    var message =
        dev.slipway.registry.v1.ParamSpec.newBuilder()
            .setName(param.name())
            .setType(type(param.type()))
            .setDefaultValue(value(param.defaultValue().orElse(null)));
    param.shape().ifPresent(shape -> message.addAllShape(shape.toList()));
    return message.build();
  }

  private static DataType type(ColumnType type) {
    DataType.Builder message = DataType.newBuilder();
    if (type instanceof ScalarType scalar) {
      message.setScalar(scalar(scalar));
    } else if (type instanceof ColumnType.ArrayType array) {
      message.setArray(ArrayType.newBuilder().setItems(type(array.items())));
    } else if (type instanceof ColumnType.MapType map) {
      message.setMap(MapType.newBuilder().setValues(type(map.values())));
    } else if (type instanceof ColumnType.ObjectType object) {
      ObjectType.Builder properties = ObjectType.newBuilder();
      object
          .properties()
          .forEach(
              property ->
                  properties.addProperties(
                      Property.newBuilder()
                          .setName(property.name())
                          .setType(type(property.type()))
                          .setRequired(property.required())));
      message.setObject(properties);
    } else if (type instanceof ColumnType.AnyType) {
      message.setScalar(dev.slipway.registry.v1.ScalarType.SCALAR_TYPE_ANY);
    } else {
      message.setScalar(dev.slipway.registry.v1.ScalarType.SCALAR_TYPE_SPARKML_VECTOR);
    }
    return message.build();
  }

  private static dev.slipway.registry.v1.ScalarType scalar(ScalarType scalar) {
    return dev.slipway.registry.v1.ScalarType.valueOf("SCALAR_TYPE_" + scalar.name());
  }
}

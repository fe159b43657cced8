package dev.slipway.gateway.scoring;

import dev.slipway.registry.v1.ArrayType;
import dev.slipway.registry.v1.ColumnSchema;
import dev.slipway.registry.v1.ColumnSpec;
import dev.slipway.registry.v1.ModelSignature;
import dev.slipway.registry.v1.ScalarType;
import dev.slipway.registry.v1.Schema;
import dev.slipway.serving.v1.DataType;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.TensorInfo;
import java.util.List;

/** Models as the service describes them. */
final class ScoringModels {
  private ScoringModels() {}

  static ColumnSpec column(String name, ScalarType type, boolean required) {
    return ColumnSpec.newBuilder()
        .setName(name)
        .setType(dev.slipway.registry.v1.DataType.newBuilder().setScalar(type))
        .setRequired(required)
        .build();
  }

  static ColumnSpec listColumn(String name) {
    return ColumnSpec.newBuilder()
        .setName(name)
        .setType(
            dev.slipway.registry.v1.DataType.newBuilder()
                .setArray(
                    ArrayType.newBuilder()
                        .setItems(
                            dev.slipway.registry.v1.DataType.newBuilder()
                                .setScalar(ScalarType.SCALAR_TYPE_DOUBLE))))
        .build();
  }

  static ScoringInputs ofColumns(ColumnSpec... columns) {
    return new ScoringInputs(
        DescribeModelResponse.newBuilder()
            .setSignature(
                ModelSignature.newBuilder()
                    .setInputs(
                        Schema.newBuilder()
                            .setColumns(ColumnSchema.newBuilder().addAllColumns(List.of(columns)))))
            .build());
  }

  static ScoringInputs ofTensors(TensorInfo... tensors) {
    return new ScoringInputs(
        DescribeModelResponse.newBuilder().addAllInputs(List.of(tensors)).build());
  }

  static TensorInfo tensor(String name, DataType type) {
    return TensorInfo.newBuilder().setName(name).setDataType(type).build();
  }
}

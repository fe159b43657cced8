package dev.slipway.cli.graph;

import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.pipeline.PipelineDefinition;
import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.registry.v1.GetModelVersionRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads graphs from the registry, little more of each than may be served. Not thread-safe. */
public final class ModelGraphs {
  private final RegistryServiceBlockingStub registry;
  private final Map<String, Optional<ModelVersion>> known = new HashMap<>();
  private int steps;

  /** Reads from this registry. */
  public ModelGraphs(RegistryServiceBlockingStub registry) {
    this.registry = registry;
  }

  /**
   * Returns the graph of a version with its flavors.
   *
   * @throws StatusRuntimeException if the registry does not answer
   * @throws dev.slipway.engine.error.ModelPackageException if a pipeline is malformed
   */
  public ModelGraph of(ModelVersion version) {
    steps = 0;
    return of(version, 0);
  }

  /** Returns the graph of a pipeline that is not registered, under the conditions of the other. */
  public ModelGraph of(String name, PipelineDefinition pipeline) {
    steps = 0;
    return of(name, PipelineDefinition.FLAVOR, Optional.of(pipeline), 0);
  }

  private ModelGraph of(ModelVersion version, int depth) {
    String name = version.getName() + "/" + version.getVersion();
    String flavors =
        String.join(
            ", ",
            version.getFlavorsList().stream()
                .map(dev.slipway.registry.v1.Flavor::getName)
                .toList());
    Optional<PipelineDefinition> pipeline =
        version.getFlavorsList().stream()
            .filter(flavor -> flavor.getName().equals(PipelineDefinition.FLAVOR))
            .findFirst()
            .flatMap(ModelGraphs::pipeline);
    return of(name, flavors, pipeline, depth);
  }

  private ModelGraph of(
      String name, String about, Optional<PipelineDefinition> pipeline, int depth) {
    List<ModelGraph> steps =
        pipeline.map(PipelineDefinition::steps).orElse(List.of()).stream()
            .map(step -> step(step, depth + 1))
            .toList();
    return new ModelGraph(name, about, pipeline, steps);
  }

  private static Optional<PipelineDefinition> pipeline(dev.slipway.registry.v1.Flavor flavor) {
    return PipelineDefinition.find(
        MLmodel.builder().flavor(new Flavor(flavor.getName(), map(flavor.getConfig()))).build());
  }

  private ModelGraph step(PipelineStep step, int depth) {
    String name = step.model() + "/" + step.version();
    if (depth > PipelineDefinition.MAX_DEPTH) {
      return new ModelGraph(name, "too deep to be shown", Optional.empty(), List.of());
    }
    if (++steps > PipelineDefinition.MAX_ALL_STEPS) {
      return new ModelGraph(name, "one of too many to be shown", Optional.empty(), List.of());
    }
    Optional<ModelVersion> version =
        known.computeIfAbsent(name, key -> find(step.model(), step.version()));
    return version
        .map(found -> of(found, depth))
        .orElseGet(() -> new ModelGraph(name, "not in the registry", Optional.empty(), List.of()));
  }

  private Optional<ModelVersion> find(String model, long version) {
    try {
      return Optional.of(
          registry.getModelVersion(
              GetModelVersionRequest.newBuilder().setName(model).setVersion(version).build()));
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static Map<String, Object> map(Struct struct) {
    Map<String, Object> map = new LinkedHashMap<>();
    struct.getFieldsMap().forEach((key, value) -> map.put(key, value(value)));
    return map;
  }

  private static Object value(Value value) {
    return switch (value.getKindCase()) {
      case STRING_VALUE -> value.getStringValue();
      case NUMBER_VALUE -> value.getNumberValue();
      case BOOL_VALUE -> value.getBoolValue();
      case STRUCT_VALUE -> map(value.getStructValue());
      case LIST_VALUE -> list(value.getListValue());
      case NULL_VALUE, KIND_NOT_SET -> null;
    };
  }

  private static List<Object> list(ListValue list) {
    return list.getValuesList().stream().map(ModelGraphs::value).toList();
  }
}

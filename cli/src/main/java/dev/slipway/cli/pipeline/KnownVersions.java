package dev.slipway.cli.pipeline;

import dev.slipway.cli.graph.ModelGraph;
import dev.slipway.cli.graph.ModelGraphs;
import dev.slipway.client.SlipwayClient;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.pipeline.PipelineProblems;
import dev.slipway.engine.pipeline.StepDeclaration;
import dev.slipway.engine.pipeline.StepVersion;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.TensorMetadata;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.LoadRequest;
import dev.slipway.serving.v1.TensorInfo;
import dev.slipway.serving.v1.VersionSelector;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tells what registered versions take and give: as the engine sees a version that is loaded, else
 * as far as its package names tensors or columns. Not thread-safe.
 */
final class KnownVersions {
  /** Serving is away, or has not heard of the version yet. */
  private static final Set<Status.Code> UNKNOWN =
      Set.of(Status.Code.UNAVAILABLE, Status.Code.NOT_FOUND, Status.Code.UNIMPLEMENTED);

  private final SlipwayClient client;
  private final boolean load;
  private final FrozenPackages packages;
  private final ModelGraphs graphs;
  private final Map<String, Optional<StepVersion>> known = new HashMap<>();

  /**
   * Asks these services.
   *
   * @param load whether serving is to load versions that it has not loaded
   */
  KnownVersions(SlipwayClient client, boolean load) {
    this.client = client;
    this.load = load;
    this.packages = new FrozenPackages(client.artifacts());
    this.graphs = new ModelGraphs(client.registry());
  }

  /**
   * Finds what is known of a version, and notes a problem when that is too little.
   *
   * @throws StatusRuntimeException if a service does not answer
   */
  Optional<StepVersion> find(ModelVersion version, String place, PipelineProblems problems) {
    String name = version.getName() + "/" + version.getVersion();
    if (version.getPackageDigest().isEmpty()) {
      problems.add(place + ".model", "is " + name + ", which has no package that can be served");
      return Optional.empty();
    }
    try {
      Optional<StepVersion> found = known.computeIfAbsent(name, key -> read(key, version));
      if (found.isEmpty()) {
        problems.add(
            place + ".model",
            "is "
                + name
                + ", of which the tensors are not known: its package does not name them, and it is"
                + " not loaded; --load loads it");
      }
      return found;
    } catch (ModelPackageException e) {
      problems.add(place + ".model", "is " + name + ": " + e.getMessage());
      return Optional.empty();
    }
  }

  /** Tells whether a version's package declares its answers deterministic. */
  boolean isDeterministic(ModelVersion version) {
    return packages.find(version.getPackageDigest()).filter(MLmodel::isDeterministic).isPresent();
  }

  private Optional<StepVersion> read(String name, ModelVersion version) {
    Optional<ModelSignature> signature =
        packages.find(version.getPackageDigest()).flatMap(MLmodel::signature);
    Optional<DescribeModelResponse> loaded = loaded(version);
    List<TensorMetadata> givenInputs =
        tensors(loaded.map(DescribeModelResponse::getInputsList).orElse(List.of()));
    List<TensorMetadata> givenOutputs =
        tensors(loaded.map(DescribeModelResponse::getOutputsList).orElse(List.of()));
    Optional<SignatureChecks> inputs = inputs(signature, givenInputs);
    List<TensorMetadata> outputs =
        givenOutputs.isEmpty()
            ? StepDeclaration.outputs(signature).orElse(List.of())
            : givenOutputs;
    if (inputs.isEmpty() || outputs.isEmpty()) {
      return Optional.empty();
    }
    ModelGraph graph = graphs.of(version);
    return Optional.of(
        new StepVersion(name, inputs.get(), outputs, signature, graph.depth(), graph.allSteps()));
  }

  private Optional<DescribeModelResponse> loaded(ModelVersion version) {
    VersionSelector selector =
        VersionSelector.newBuilder().setVersion(version.getVersion()).build();
    try {
      if (load) {
        var unused =
            client
                .serving()
                .load(
                    LoadRequest.newBuilder()
                        .setModel(version.getName())
                        .setSelector(selector)
                        .build());
      }
      DescribeModelResponse described =
          client
              .serving()
              .describeModel(
                  DescribeModelRequest.newBuilder()
                      .setModel(version.getName())
                      .setSelector(selector)
                      .build());
      return Optional.of(described).filter(tensors -> tensors.getInputsCount() > 0);
    } catch (StatusRuntimeException e) {
      if (load || !UNKNOWN.contains(e.getStatus().getCode())) {
        throw e;
      }
      return Optional.empty();
    }
  }

  private static List<TensorMetadata> tensors(List<TensorInfo> infos) {
    return infos.stream()
        .map(
            info ->
                new TensorMetadata(
                    info.getName(),
                    DataType.valueOf(info.getDataType().name().substring("DATA_TYPE_".length())),
                    Shape.of(info.getShapeList())))
        .toList();
  }

  /** Columns may be left out, which tensors of an engine do not tell. */
  private static Optional<SignatureChecks> inputs(
      Optional<ModelSignature> signature, List<TensorMetadata> loaded) {
    Optional<Schema> declared = signature.flatMap(ModelSignature::inputs);
    Optional<SignatureChecks> named = StepDeclaration.inputs(signature);
    if (loaded.isEmpty()) {
      return named;
    }
    if (declared.orElse(null) instanceof ColumnSchema
        && named.map(checks -> names(checks.tensors())).equals(Optional.of(names(loaded)))) {
      return named;
    }
    boolean anyName =
        declared.orElse(null) instanceof TensorSchema tensors
            && tensors.tensors().get(0).name().isEmpty();
    return Optional.of(
        anyName
            ? SignatureChecks.ofUnnamedTensor(loaded.get(0))
            : SignatureChecks.ofTensors(loaded));
  }

  private static List<String> names(List<TensorMetadata> tensors) {
    return tensors.stream().map(TensorMetadata::name).toList();
  }
}

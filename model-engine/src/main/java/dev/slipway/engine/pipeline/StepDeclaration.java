package dev.slipway.engine.pipeline;

import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What can be known of the version behind a step without loading it.
 *
 * @param version what it is called in messages: {@code encoder/3}
 * @param inputs what it takes; empty when that is not known
 * @param outputs what it gives, in the model's order; empty when that is not known
 * @param signature what its package declares
 * @param depth how many pipelines lie in each other below it; 0 for a model
 * @param allSteps the steps of a pipeline, those of pipelines within included; 0 for a model
 */
public record StepDeclaration(
    String version,
    Optional<SignatureChecks> inputs,
    Optional<List<TensorMetadata>> outputs,
    Optional<ModelSignature> signature,
    int depth,
    int allSteps) {

  /** Copies the list. */
  public StepDeclaration {
    Objects.requireNonNull(version, "version");
    Objects.requireNonNull(inputs, "inputs");
    outputs = outputs.map(List::copyOf);
    Objects.requireNonNull(signature, "signature");
  }

  /** Returns what a signature declares. */
  public static StepDeclaration of(
      String version, Optional<ModelSignature> signature, int depth, int allSteps) {
    return new StepDeclaration(
        version, inputs(signature), outputs(signature), signature, depth, allSteps);
  }

  /** Returns all that is known of a version. */
  static StepDeclaration of(StepVersion version) {
    return new StepDeclaration(
        version.version(),
        Optional.of(version.inputs()),
        Optional.of(version.outputs()),
        version.signature(),
        version.depth(),
        version.allSteps());
  }

  /** Returns what a signature tells of inputs; empty where only the engine names or types them. */
  public static Optional<SignatureChecks> inputs(Optional<ModelSignature> signature) {
    return signature
        .flatMap(ModelSignature::inputs)
        .filter(StepDeclaration::isNamed)
        .map(schema -> SignatureChecks.ofSchema(schema, "input"));
  }

  /**
   * Returns what a signature tells of outputs; empty where it has columns, which say nothing of the
   * tensors that some engines answer, and where only the engine names or types them.
   */
  public static Optional<List<TensorMetadata>> outputs(Optional<ModelSignature> signature) {
    return signature
        .flatMap(ModelSignature::outputs)
        .filter(TensorSchema.class::isInstance)
        .filter(StepDeclaration::isNamed)
        .map(schema -> SignatureChecks.ofSchema(schema, "output").tensors());
  }

  private static boolean isNamed(Schema schema) {
    return schema instanceof TensorSchema tensors
        ? tensors.tensors().stream()
            .allMatch(spec -> spec.name().isPresent() && spec.datatype().isPresent())
        : ((ColumnSchema) schema)
            .columns().stream().allMatch(column -> column.type() instanceof ScalarType);
  }
}

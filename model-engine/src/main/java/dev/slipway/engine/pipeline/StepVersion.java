package dev.slipway.engine.pipeline;

import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What is known of the registered version behind a step.
 *
 * @param version what it is called in messages: {@code encoder/3}
 * @param inputs what it takes
 * @param outputs what it gives, in the model's order
 * @param signature what its package declares
 * @param depth how many pipelines lie in each other below it; 0 for a model
 * @param allSteps the steps of a pipeline, those of pipelines within included; 0 for a model
 */
public record StepVersion(
    String version,
    SignatureChecks inputs,
    List<TensorMetadata> outputs,
    Optional<ModelSignature> signature,
    int depth,
    int allSteps) {

  /** Copies the list. */
  public StepVersion {
    Objects.requireNonNull(version, "version");
    Objects.requireNonNull(inputs, "inputs");
    outputs = List.copyOf(outputs);
    Objects.requireNonNull(signature, "signature");
  }

  /** Finds an output by name. */
  Optional<TensorMetadata> output(String name) {
    return outputs.stream().filter(output -> output.name().equals(name)).findFirst();
  }

  /** Finds an input by name. */
  Optional<TensorMetadata> input(String name) {
    return inputs.tensors().stream().filter(input -> input.name().equals(name)).findFirst();
  }
}

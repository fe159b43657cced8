package dev.slipway.engine.signature;

import dev.slipway.engine.error.ModelPackageException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What a model takes and gives, as its package declares it. Reading MLflow's JSON and writing it
 * again gives the same bytes for everything that MLflow 3 writes.
 *
 * @param inputs what it takes; empty when undeclared
 * @param outputs what it gives; empty when undeclared
 * @param params the parameters it accepts, each name once
 */
public record ModelSignature(
    Optional<Schema> inputs, Optional<Schema> outputs, List<ParamSpec> params) {

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if a parameter's name appears twice
   */
  public ModelSignature {
    Objects.requireNonNull(inputs, "inputs");
    Objects.requireNonNull(outputs, "outputs");
    params = List.copyOf(params);
    if (params.stream().map(ParamSpec::name).distinct().count() != params.size()) {
      throw new IllegalArgumentException("has a parameter name twice");
    }
  }

  /** Returns a signature of inputs and outputs without parameters. */
  public static ModelSignature of(Schema inputs, Schema outputs) {
    return new ModelSignature(Optional.of(inputs), Optional.of(outputs), List.of());
  }

  /**
   * Reads the three JSON texts of a signature.
   *
   * @throws ModelPackageException if one is not what MLflow writes there; the message names the
   *     place
   */
  public static ModelSignature parse(
      Optional<String> inputs, Optional<String> outputs, Optional<String> params) {
    String where = "signature.params";
    List<ParamSpec> specs =
        params
            .map(text -> new SchemaNode(where, PythonJson.read(text, where)).elements())
            .orElse(List.of())
            .stream()
            .map(ParamSpec::read)
            .toList();
    try {
      return new ModelSignature(
          inputs.map(text -> Schema.parse(text, "signature.inputs")),
          outputs.map(text -> Schema.parse(text, "signature.outputs")),
          specs);
    } catch (IllegalArgumentException e) {
      throw new ModelPackageException(where + " " + e.getMessage(), e);
    }
  }

  /** Returns the inputs as MLflow's JSON. */
  public Optional<String> inputsJson() {
    return inputs.map(Schema::toJson);
  }

  /** Returns the outputs as MLflow's JSON. */
  public Optional<String> outputsJson() {
    return outputs.map(Schema::toJson);
  }

  /** Returns the parameters as MLflow's JSON; empty when there are none. */
  public Optional<String> paramsJson() {
    return params.isEmpty()
        ? Optional.empty()
        : Optional.of(PythonJson.write(params.stream().map(ParamSpec::toJson).toList()));
  }
}

package dev.slipway.cli.models;

import dev.slipway.gateway.scoring.ScoringException;
import dev.slipway.gateway.scoring.ScoringInputs;
import dev.slipway.serving.v1.ParameterValue;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Says what parameters predictions are made with. A mixin of picocli; not thread-safe. */
public final class ParameterOptions {
  @Option(
      names = "--param",
      paramLabel = "NAME=VALUE",
      description =
          "A parameter of the prediction, in the type that the model's signature declares; a list"
              + " as JSON. Repeatable.")
  private List<String> params = List.of();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** Returns them as they were written. */
  public List<String> texts() {
    return params;
  }

  /**
   * Returns the values by name.
   *
   * @throws ParameterException with all of them that the model does not take
   */
  public Map<String, ParameterValue> read(ScoringInputs inputs) {
    try {
      return inputs.parameters(params);
    } catch (ScoringException e) {
      throw new ParameterException(spec.commandLine(), "--param: " + e.getMessage(), e);
    }
  }
}

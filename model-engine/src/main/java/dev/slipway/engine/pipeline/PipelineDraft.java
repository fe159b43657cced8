package dev.slipway.engine.pipeline;

import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.signature.ModelSignature;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A pipeline made of what its steps take and give, where its author did not say more.
 *
 * <p>An input of a step is fed by the output of the same name of a step before it, else by the
 * pipeline's input of that name; the steps that feed no other give the pipeline's outputs. The
 * pipeline takes columns where every taker of each of its inputs sees a column of one type, and
 * tensors otherwise; then the inputs that steps do not require stay away. It has the parameters
 * that all steps with one of that name declare alike.
 *
 * @param definition the graph, every link written out
 * @param signature what the pipeline takes and gives; a side is empty where the shape of one of its
 *     tensors is not known
 * @param unsharedParams names of parameters that steps declare differently, so that the pipeline
 *     has none of that name and each step keeps to its default
 */
public record PipelineDraft(
    PipelineDefinition definition, ModelSignature signature, List<String> unsharedParams) {

  /** Copies the list. */
  public PipelineDraft {
    Objects.requireNonNull(definition, "definition");
    Objects.requireNonNull(signature, "signature");
    unsharedParams = List.copyOf(unsharedParams);
  }

  /**
   * Joins steps.
   *
   * @param steps in the order in which they run, with those inputs of which the author says where
   *     they come from; a step of which one is none of its version's (a matrix that stands for all
   *     columns) has no others
   * @param versions what is behind each step, by the step's name
   * @param outputs the pipeline's outputs by name; empty for those of the steps that feed no other
   * @throws PipelineException with everything that does not fit, or could mean several things
   */
  public static PipelineDraft of(
      List<PipelineStep> steps,
      Map<String, StepVersion> versions,
      Map<String, TensorSource> outputs) {
    return new Drafting(steps, versions).draft(outputs);
  }

  /**
   * Returns the description of the package that the pipeline is. Equal drafts give equal texts, so
   * that a package written twice has one digest.
   *
   * @param deterministic whether all steps are; see {@link MLmodel#isDeterministic}
   */
  public MLmodel toMlmodel(boolean deterministic) {
    MLmodel.Builder mlmodel = MLmodel.builder().flavor(definition.toFlavor()).signature(signature);
    return (deterministic ? mlmodel.metadata(MLmodel.DETERMINISTIC, true) : mlmodel).build();
  }
}

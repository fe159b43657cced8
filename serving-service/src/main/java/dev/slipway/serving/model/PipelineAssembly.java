package dev.slipway.serving.model;

import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.pipeline.PipelineJoin;
import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.engine.pipeline.StepVersion;
import dev.slipway.engine.pipeline.TensorSource;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.TensorMetadata;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.execution.StepGraph;
import dev.slipway.serving.execution.StepGraph.Origin;
import dev.slipway.serving.execution.StepName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * A pipeline whose tensors were found to join up, ready to run.
 *
 * @param graph runs requests
 * @param checks what requests must look like: by the package's signature, else as the steps want it
 * @param outputs what it gives
 */
record PipelineAssembly(StepGraph graph, SignatureChecks checks, List<TensorMetadata> outputs) {
  /**
   * Joins steps.
   *
   * @throws InvalidPipelineException with everything that does not fit
   */
  static PipelineAssembly of(
      VersionKey key,
      ModelPackage modelPackage,
      Pipeline pipeline,
      StepCalls calls,
      Executor executor) {
    PipelineJoin join = join(modelPackage, pipeline);
    return new PipelineAssembly(
        graph(key, pipeline, join, calls, executor), join.checks(), join.outputs());
  }

  private static PipelineJoin join(ModelPackage modelPackage, Pipeline pipeline) {
    Map<String, StepVersion> versions = new HashMap<>();
    pipeline.steps().forEach(step -> versions.put(step.name(), version(step.model())));
    try {
      return PipelineJoin.of(pipeline.definition(), versions, modelPackage.signature());
    } catch (PipelineException e) {
      throw new InvalidPipelineException(e.getMessage(), e);
    }
  }

  private static StepVersion version(LoadedModel model) {
    return new StepVersion(
        model.version().key().toString(),
        model.predictor().inputChecks(),
        model.predictor().outputs(),
        model.modelPackage().signature(),
        model.depth(),
        model.allSteps());
  }

  private static StepGraph graph(
      VersionKey key, Pipeline pipeline, PipelineJoin join, StepCalls calls, Executor executor) {
    Map<String, LoadedModel> models = new HashMap<>();
    pipeline.steps().forEach(step -> models.put(step.name(), step.model()));
    List<PipelineStep> order = pipeline.definition().inOrder();
    List<String> names = order.stream().map(PipelineStep::name).toList();
    List<StepGraph.Step> steps = new ArrayList<>();
    for (PipelineStep step : order) {
      LoadedModel model = models.get(step.name());
      steps.add(
          new StepGraph.Step(
              new StepName(step.name(), step.model(), step.version()),
              origins(join.links(step), names),
              join.wanted(step),
              calls.engineOf(model)));
    }
    return new StepGraph(
        key.toString(), steps, origins(pipeline.definition().outputs(), names), executor);
  }

  private static Map<String, Origin> origins(
      Map<String, TensorSource> sources, List<String> steps) {
    Map<String, Origin> origins = new HashMap<>();
    sources.forEach(
        (name, source) ->
            origins.put(
                name,
                new Origin(
                    source.step().map(steps::indexOf).orElse(StepGraph.REQUEST), source.tensor())));
    return origins;
  }
}

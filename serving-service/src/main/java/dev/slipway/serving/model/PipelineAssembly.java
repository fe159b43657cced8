package dev.slipway.serving.model;

import dev.slipway.engine.error.SignatureViolation;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.pipeline.PipelineProblems;
import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.engine.pipeline.TensorSource;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ParamSpec;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.TensorMetadata;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.execution.StepGraph;
import dev.slipway.serving.execution.StepGraph.Origin;
import dev.slipway.serving.execution.StepName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A pipeline whose tensors were found to join up, ready to run.
 *
 * @param graph runs requests
 * @param checks what requests must look like: by the package's signature, else as the steps want it
 * @param outputs what it gives
 */
record PipelineAssembly(StepGraph graph, SignatureChecks checks, List<TensorMetadata> outputs) {
  /** How deep pipelines may lie in each other. */
  private static final int MAX_DEPTH = 8;

  /** Steps that one request may run, those of pipelines that are steps included. */
  private static final int MAX_ALL_STEPS = 128;

  private static final Pattern INPUT = Pattern.compile("inputs\\[(\\d+)]\\.?(.*)");

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
    PipelineProblems problems = new PipelineProblems();
    checkSize(pipeline, problems);
    Joining joining = new Joining(modelPackage.signature(), pipeline, problems);
    joining.join();
    PipelineLoader.throwIfAny(problems);
    return joining.assembly(key, calls, executor);
  }

  private static void checkSize(Pipeline pipeline, PipelineProblems problems) {
    int depth =
        pipeline.steps().stream().mapToInt(step -> step.model().depth()).max().orElse(0) + 1;
    if (depth > MAX_DEPTH) {
      problems.add("steps", "lie " + depth + " pipelines deep; at most " + MAX_DEPTH + " may");
    }
    int all = pipeline.steps().stream().mapToInt(step -> 1 + step.model().allSteps()).sum();
    if (all > MAX_ALL_STEPS) {
      problems.add(
          "steps",
          "are " + all + " with those of pipelines within; at most " + MAX_ALL_STEPS + " may be");
    }
  }

  /** The way from a definition to an assembly. Not for sharing between threads. */
  private static final class Joining {
    private final Optional<ModelSignature> signature;
    private final Pipeline pipeline;
    private final PipelineProblems problems;
    private final List<PipelineStep> order;
    private final Map<String, LoadedModel> models = new HashMap<>();
    private final Map<String, Integer> places = new HashMap<>();
    private final Map<String, Map<String, TensorSource>> links = new HashMap<>();
    private final Optional<SignatureChecks> declared;

    /** What the pipeline takes, by name: as declared, or as the first step to take it wants it. */
    private final Map<String, TensorMetadata> inputs = new LinkedHashMap<>();

    private final List<TensorMetadata> outputs = new ArrayList<>();

    Joining(Optional<ModelSignature> signature, Pipeline pipeline, PipelineProblems problems) {
      this.signature = signature;
      this.pipeline = pipeline;
      this.problems = problems;
      this.order = pipeline.definition().inOrder();
      pipeline.steps().forEach(step -> models.put(step.name(), step.model()));
      List<PipelineStep> given = pipeline.definition().steps();
      for (int i = 0; i < given.size(); i++) {
        places.put(given.get(i).name(), i);
      }
      this.declared = signature.flatMap(ModelSignature::inputs).map(Joining::checks);
      declared.ifPresent(
          checks -> checks.tensors().forEach(input -> inputs.put(input.name(), input)));
    }

    /** Columns come one by one: a matrix of all could not be told apart again. */
    private static SignatureChecks checks(Schema schema) {
      return schema instanceof ColumnSchema columns
          ? SignatureChecks.ofSeparateColumns(columns)
          : SignatureChecks.ofSchema(schema, "input");
    }

    void join() {
      for (PipelineStep step : order) {
        links.put(step.name(), links(step));
        if (declared.isEmpty()) {
          links.get(step.name()).forEach((input, source) -> derive(step, input, source));
        }
        fit(step);
      }
      checkAllTaken();
      checkParameters();
      pipeline
          .definition()
          .outputs()
          .forEach(
              (name, source) ->
                  find("outputs." + name, source)
                      .ifPresent(
                          found ->
                              outputs.add(
                                  new TensorMetadata(name, found.datatype(), found.shape()))));
    }

    private Map<String, TensorSource> links(PipelineStep step) {
      return step.inputs()
          .orElseGet(
              () -> {
                Map<String, TensorSource> same = new LinkedHashMap<>();
                for (TensorMetadata input : models.get(step.name()).predictor().inputs()) {
                  if (declared.isEmpty() || inputs.containsKey(input.name())) {
                    same.put(input.name(), TensorSource.input(input.name()));
                  }
                }
                return same;
              });
    }

    private void derive(PipelineStep step, String input, TensorSource source) {
      if (source.step().isEmpty() && !inputs.containsKey(source.tensor())) {
        models.get(step.name()).predictor().inputs().stream()
            .filter(wanted -> wanted.name().equals(input))
            .findFirst()
            .ifPresent(
                wanted ->
                    inputs.put(
                        source.tensor(),
                        new TensorMetadata(source.tensor(), wanted.datatype(), wanted.shape())));
      }
    }

    private void fit(PipelineStep step) {
      String place = PipelineLoader.place(places.get(step.name()));
      List<String> names = new ArrayList<>();
      List<TensorMetadata> offered = new ArrayList<>();
      boolean all = true;
      for (Map.Entry<String, TensorSource> link : links.get(step.name()).entrySet()) {
        Optional<TensorMetadata> found = find(place + ".inputs." + link.getKey(), link.getValue());
        all &= found.isPresent();
        found.ifPresent(
            tensor -> {
              names.add(link.getKey());
              offered.add(new TensorMetadata(link.getKey(), tensor.datatype(), tensor.shape()));
            });
      }
      if (!all) {
        // What is missing would only be told again.
        return;
      }
      for (SignatureViolation violation :
          models.get(step.name()).predictor().inputChecks().misfits(offered)) {
        Matcher one = INPUT.matcher(violation.field());
        String path =
            one.matches()
                ? place + ".inputs." + names.get(Integer.parseInt(one.group(1)))
                : place + ".inputs";
        problems.add(
            path,
            "does not fit "
                + models.get(step.name()).version().key()
                + ": "
                + violation.description());
      }
    }

    private Optional<TensorMetadata> find(String path, TensorSource source) {
      if (source.step().isEmpty()) {
        TensorMetadata input = inputs.get(source.tensor());
        if (input == null) {
          problems.add(
              path,
              declared.isPresent()
                  ? "comes from "
                      + source
                      + ", which the signature does not declare: it has "
                      + inputs.keySet()
                  : "comes from " + source + ", of which only a signature could tell what it is");
        }
        return Optional.ofNullable(input);
      }
      List<TensorMetadata> given = models.get(source.step().get()).predictor().outputs();
      Optional<TensorMetadata> output =
          given.stream().filter(own -> own.name().equals(source.tensor())).findFirst();
      if (output.isEmpty()) {
        problems.add(
            path,
            "comes from "
                + source
                + "; "
                + models.get(source.step().get()).version().key()
                + " gives "
                + given.stream().map(TensorMetadata::name).toList());
      }
      return output;
    }

    private void checkAllTaken() {
      if (declared.isEmpty()) {
        return;
      }
      List<TensorSource> taken =
          links.values().stream().flatMap(link -> link.values().stream()).toList();
      for (String name : inputs.keySet()) {
        if (!taken.contains(TensorSource.input(name))) {
          problems.add("signature.inputs." + name, "is declared, but no step takes it");
        }
      }
    }

    private void checkParameters() {
      for (ParamSpec own : signature.map(ModelSignature::params).orElse(List.of())) {
        List<ParamSpec> same =
            models.values().stream()
                .flatMap(model -> model.modelPackage().signature().stream())
                .flatMap(declaring -> declaring.params().stream())
                .filter(param -> param.name().equals(own.name()))
                .toList();
        if (same.isEmpty()) {
          problems.add("signature.params." + own.name(), "is declared, but by no step");
        } else if (same.stream()
            .anyMatch(
                param -> !param.type().equals(own.type()) || !param.shape().equals(own.shape()))) {
          problems.add("signature.params." + own.name(), "has another type in a step");
        }
      }
    }

    PipelineAssembly assembly(VersionKey key, StepCalls calls, Executor executor) {
      List<StepGraph.Step> steps = new ArrayList<>();
      for (PipelineStep step : order) {
        LoadedModel model = models.get(step.name());
        Map<String, Origin> origins = new HashMap<>();
        links.get(step.name()).forEach((input, source) -> origins.put(input, origin(source)));
        steps.add(
            new StepGraph.Step(
                new StepName(step.name(), step.model(), step.version()),
                origins,
                wanted(step.name(), model),
                calls.engineOf(model)));
      }
      Map<String, Origin> ends = new HashMap<>();
      pipeline.definition().outputs().forEach((name, source) -> ends.put(name, origin(source)));
      return new PipelineAssembly(
          new StepGraph(key.toString(), steps, ends, executor),
          declared.orElseGet(() -> SignatureChecks.ofTensors(List.copyOf(inputs.values()))),
          List.copyOf(outputs));
    }

    private Origin origin(TensorSource source) {
      int step =
          source
              .step()
              .map(name -> order.stream().map(PipelineStep::name).toList().indexOf(name))
              .orElse(StepGraph.REQUEST);
      return new Origin(step, source.tensor());
    }

    /** Returns the outputs of a step that others or the pipeline need, in the model's order. */
    private List<String> wanted(String step, LoadedModel model) {
      List<TensorSource> taken = new ArrayList<>(pipeline.definition().outputs().values());
      links.values().forEach(link -> taken.addAll(link.values()));
      return model.predictor().outputs().stream()
          .map(TensorMetadata::name)
          .filter(output -> taken.contains(TensorSource.output(step, output)))
          .toList();
    }
  }
}

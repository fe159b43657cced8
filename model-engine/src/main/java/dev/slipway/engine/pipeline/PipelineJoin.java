package dev.slipway.engine.pipeline;

import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.error.SignatureViolation;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ParamSpec;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A pipeline whose tensors were found to join up: names, datatypes and shapes of what each step is
 * fed with, the pipeline's own signature, and its size. Immutable; any thread may call it.
 */
public final class PipelineJoin {
  private static final Pattern INPUT = Pattern.compile("inputs\\[(\\d+)]\\.?(.*)");

  private final PipelineDefinition definition;
  private final Map<String, StepVersion> versions;
  private final Map<String, Map<String, TensorSource>> links;
  private final SignatureChecks checks;
  private final List<TensorMetadata> outputs;

  private PipelineJoin(
      PipelineDefinition definition,
      Map<String, StepVersion> versions,
      Map<String, Map<String, TensorSource>> links,
      SignatureChecks checks,
      List<TensorMetadata> outputs) {
    this.definition = definition;
    this.versions = Map.copyOf(versions);
    this.links = Map.copyOf(links);
    this.checks = checks;
    this.outputs = List.copyOf(outputs);
  }

  /**
   * Joins the steps of a pipeline.
   *
   * @param versions what is behind each step, by the step's name
   * @param signature what the pipeline's package declares
   * @throws PipelineException with everything that does not fit
   */
  public static PipelineJoin of(
      PipelineDefinition definition,
      Map<String, StepVersion> versions,
      Optional<ModelSignature> signature) {
    Map<String, StepDeclaration> known = new HashMap<>();
    versions.forEach((step, version) -> known.put(step, StepDeclaration.of(version)));
    Joining joining = join(definition, known, signature);
    return new PipelineJoin(definition, versions, joining.links, joining.checks(), joining.outputs);
  }

  /**
   * Checks a pipeline as far as its steps' packages declare what they take and give: they are taken
   * at their word, before anything is loaded. What nobody declares is not known, and is left to
   * whoever loads it.
   *
   * @param versions what the versions behind the steps declare, by the step's name; steps of which
   *     nothing is known may be left out
   * @param signature what the pipeline's package declares
   * @throws PipelineException with everything that does not fit
   */
  public static void check(
      PipelineDefinition definition,
      Map<String, StepDeclaration> versions,
      Optional<ModelSignature> signature) {
    Joining unused = join(definition, versions, signature);
  }

  private static Joining join(
      PipelineDefinition definition,
      Map<String, StepDeclaration> versions,
      Optional<ModelSignature> signature) {
    PipelineProblems problems = new PipelineProblems();
    checkSize(versions.values(), problems);
    Joining joining = new Joining(definition, versions, signature, problems);
    joining.join();
    problems.throwIfAny();
    return joining;
  }

  /** Returns what feeds each input of a step, by the input's name. */
  public Map<String, TensorSource> links(PipelineStep step) {
    return Collections.unmodifiableMap(links.get(step.name()));
  }

  /** Returns the outputs of a step that others or the pipeline need, in the model's order. */
  public List<String> wanted(PipelineStep step) {
    return versions.get(step.name()).outputs().stream()
        .map(TensorMetadata::name)
        .filter(output -> isTaken(TensorSource.output(step.name(), output)))
        .toList();
  }

  private boolean isTaken(TensorSource output) {
    return definition.outputs().containsValue(output)
        || links.values().stream().anyMatch(inputs -> inputs.containsValue(output));
  }

  /** Returns what requests must look like: by the signature, else as the steps want it. */
  public SignatureChecks checks() {
    return checks;
  }

  /** Returns what the pipeline gives, in the order of its definition. */
  public List<TensorMetadata> outputs() {
    return outputs;
  }

  private static void checkSize(Iterable<StepDeclaration> versions, PipelineProblems problems) {
    int depth = 0;
    int all = 0;
    for (StepDeclaration version : versions) {
      depth = Math.max(depth, version.depth());
      all += 1 + version.allSteps();
    }
    if (depth + 1 > PipelineDefinition.MAX_DEPTH) {
      problems.add(
          "steps",
          "lie "
              + (depth + 1)
              + " pipelines deep; at most "
              + PipelineDefinition.MAX_DEPTH
              + " may");
    }
    if (all > PipelineDefinition.MAX_ALL_STEPS) {
      problems.add(
          "steps",
          "are "
              + all
              + " with those of pipelines within; at most "
              + PipelineDefinition.MAX_ALL_STEPS
              + " may be");
    }
  }

  /** The way from a definition to a join. Not for sharing between threads. */
  private static final class Joining {
    private final PipelineDefinition definition;
    private final Map<String, StepDeclaration> versions;
    private final Optional<ModelSignature> signature;
    private final PipelineProblems problems;
    private final Map<String, Integer> places = new HashMap<>();
    private final Map<String, Map<String, TensorSource>> links = new HashMap<>();
    private final Optional<SignatureChecks> declared;

    /** What the pipeline takes, by name: as declared, or as the first step to take it wants it. */
    private final Map<String, TensorMetadata> inputs = new LinkedHashMap<>();

    /** Inputs of the pipeline that are first taken by a step of which it is not known as what. */
    private final Set<String> unknownInputs = new HashSet<>();

    private final List<TensorMetadata> outputs = new ArrayList<>();

    Joining(
        PipelineDefinition definition,
        Map<String, StepDeclaration> versions,
        Optional<ModelSignature> signature,
        PipelineProblems problems) {
      this.definition = definition;
      this.versions = versions;
      this.signature = signature;
      this.problems = problems;
      for (int i = 0; i < definition.steps().size(); i++) {
        places.put(definition.steps().get(i).name(), i);
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
      for (PipelineStep step : definition.inOrder()) {
        links.put(step.name(), links(step));
        if (declared.isEmpty()) {
          links.get(step.name()).forEach((input, source) -> derive(step, input, source));
        }
        fit(step);
      }
      checkAllTaken();
      checkParameters();
      definition
          .outputs()
          .forEach(
              (name, source) -> {
                if (isKnown(source)) {
                  find("outputs." + name, source)
                      .ifPresent(
                          found ->
                              outputs.add(
                                  new TensorMetadata(name, found.datatype(), found.shape())));
                }
              });
      checkOutputs();
    }

    private Optional<SignatureChecks> taken(PipelineStep step) {
      return Optional.ofNullable(versions.get(step.name())).flatMap(StepDeclaration::inputs);
    }

    private Map<String, TensorSource> links(PipelineStep step) {
      return step.inputs()
          .orElseGet(
              () -> {
                Map<String, TensorSource> same = new LinkedHashMap<>();
                for (TensorMetadata input :
                    taken(step).map(SignatureChecks::tensors).orElse(List.of())) {
                  if (declared.isEmpty() || inputs.containsKey(input.name())) {
                    same.put(input.name(), TensorSource.input(input.name()));
                  }
                }
                return same;
              });
    }

    private void derive(PipelineStep step, String input, TensorSource source) {
      String name = source.tensor();
      if (source.step().isPresent() || inputs.containsKey(name) || unknownInputs.contains(name)) {
        return;
      }
      Optional<SignatureChecks> taken = taken(step);
      if (taken.isEmpty()) {
        unknownInputs.add(name);
        return;
      }
      find(input, taken.get().tensors())
          .ifPresent(
              wanted ->
                  inputs.put(name, new TensorMetadata(name, wanted.datatype(), wanted.shape())));
    }

    private static Optional<TensorMetadata> find(String name, List<TensorMetadata> tensors) {
      return tensors.stream().filter(tensor -> tensor.name().equals(name)).findFirst();
    }

    private void fit(PipelineStep step) {
      String place = PipelineProblems.place(places.get(step.name()));
      Map<String, TensorSource> sources = links.get(step.name());
      Optional<SignatureChecks> taken = taken(step);
      List<TensorMetadata> offered = new ArrayList<>();
      boolean all = true;
      for (Map.Entry<String, TensorSource> link : sources.entrySet()) {
        String name = link.getKey();
        Optional<TensorMetadata> found;
        if (isKnown(link.getValue())) {
          found = find(place + ".inputs." + name, link.getValue());
        } else {
          found = taken.flatMap(checks -> assumed(name, checks, sources.size()));
        }
        all &= found.isPresent();
        found.ifPresent(
            tensor -> offered.add(new TensorMetadata(name, tensor.datatype(), tensor.shape())));
      }
      if (!all || taken.isEmpty()) {
        // What is missing would only be told again, and what is not known cannot be told.
        return;
      }
      for (SignatureViolation violation : taken.get().misfits(offered)) {
        Matcher one = INPUT.matcher(violation.field());
        String path =
            one.matches()
                ? place + ".inputs." + offered.get(Integer.parseInt(one.group(1))).name()
                : place + ".inputs";
        problems.add(
            path,
            "does not fit " + versions.get(step.name()).version() + ": " + violation.description());
      }
    }

    /** Tells whether it is known what a source gives, or that it gives nothing. */
    private boolean isKnown(TensorSource source) {
      return source
          .step()
          .map(
              giver ->
                  Optional.ofNullable(versions.get(giver))
                      .flatMap(StepDeclaration::outputs)
                      .isPresent())
          .orElseGet(() -> !unknownInputs.contains(source.tensor()));
    }

    /** Returns a tensor that is wrong only if its name is; empty where any name may be right. */
    private static Optional<TensorMetadata> assumed(
        String name, SignatureChecks taken, int offered) {
      if (offered == 1 && taken.acceptsMatrix()) {
        return Optional.empty();
      }
      return Optional.of(
          find(name, taken.tensors())
              .orElseGet(() -> new TensorMetadata(name, DataType.FP32, Shape.of(Shape.ANY))));
    }

    /** Finds what a source gives of which that is known. */
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
      StepDeclaration giver = versions.get(source.step().get());
      List<TensorMetadata> given = giver.outputs().orElseThrow();
      Optional<TensorMetadata> output = find(source.tensor(), given);
      if (output.isEmpty()) {
        problems.add(
            path,
            "comes from "
                + source
                + "; "
                + giver.version()
                + " gives "
                + given.stream().map(TensorMetadata::name).toList());
      }
      return output;
    }

    private void checkAllTaken() {
      boolean unknown =
          definition.steps().stream()
              .anyMatch(step -> step.inputs().isEmpty() && taken(step).isEmpty());
      if (declared.isEmpty() || unknown) {
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
            versions.values().stream()
                .flatMap(version -> version.signature().stream())
                .flatMap(declaring -> declaring.params().stream())
                .filter(param -> param.name().equals(own.name()))
                .toList();
        if (same.isEmpty() && versions.size() == definition.steps().size()) {
          problems.add("signature.params." + own.name(), "is declared, but by no step");
        } else if (same.stream()
            .anyMatch(
                param -> !param.type().equals(own.type()) || !param.shape().equals(own.shape()))) {
          problems.add("signature.params." + own.name(), "has another type in a step");
        }
      }
    }

    /** Finds what the signature says otherwise of the outputs, where it names tensors. */
    private void checkOutputs() {
      List<TensorMetadata> promised = StepDeclaration.outputs(signature).orElse(List.of());
      for (TensorMetadata promise : promised) {
        String path = "signature.outputs." + promise.name();
        if (definition.outputs().containsKey(promise.name())) {
          find(promise.name(), outputs).ifPresent(given -> checkOutput(path, promise, given));
        } else {
          problems.add(
              path, "is declared, but the pipeline gives " + definition.outputs().keySet());
        }
      }
      for (String name : promised.isEmpty() ? Set.<String>of() : definition.outputs().keySet()) {
        if (find(name, promised).isEmpty()) {
          problems.add("outputs." + name, "is not declared by the signature");
        }
      }
    }

    private void checkOutput(String path, TensorMetadata promise, TensorMetadata given) {
      // The shape of a scalar stands for one that the engine does not know.
      Shape shape = given.shape().rank() == 0 ? promise.shape() : given.shape();
      SignatureChecks.ofTensors(List.of(promise))
          .misfits(List.of(new TensorMetadata(given.name(), given.datatype(), shape)))
          .forEach(
              misfit -> problems.add(path, "is not what the steps give: " + misfit.description()));
    }

    SignatureChecks checks() {
      return declared.orElseGet(() -> SignatureChecks.ofTensors(List.copyOf(inputs.values())));
    }
  }
}

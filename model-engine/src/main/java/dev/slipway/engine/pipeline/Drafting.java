package dev.slipway.engine.pipeline;

import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ParamSpec;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The way from steps to a {@link PipelineDraft}. Used once; not for sharing between threads. */
final class Drafting {
  private final List<PipelineStep> steps;
  private final Map<String, StepVersion> versions;
  private final PipelineProblems problems = new PipelineProblems();

  /** What feeds each step, in the order of the steps. */
  private final List<Map<String, TensorSource>> links = new ArrayList<>();

  Drafting(List<PipelineStep> steps, Map<String, StepVersion> versions) {
    this.steps = List.copyOf(steps);
    this.versions = Map.copyOf(versions);
  }

  PipelineDraft draft(Map<String, TensorSource> saidOutputs) {
    for (int i = 0; i < steps.size(); i++) {
      links.add(link(i));
    }
    DraftInputs inputs = takers();
    if (!inputs.areColumns()) {
      inputs.leaveOutOptional().forEach(taker -> links.get(taker.step()).remove(taker.input()));
    }
    inputs.check(problems);
    PipelineDefinition definition =
        define(saidOutputs.isEmpty() ? outputs() : saidOutputs).orElse(null);
    problems.throwIfAny();
    Set<String> unshared = new TreeSet<>();
    List<ParamSpec> params = params(unshared);
    ModelSignature half = new ModelSignature(inputs.schema(), Optional.empty(), params);
    PipelineJoin join = PipelineJoin.of(definition, versions, Optional.of(half));
    return new PipelineDraft(
        definition,
        new ModelSignature(half.inputs(), DraftInputs.tensors(join.outputs()), params),
        List.copyOf(unshared));
  }

  private StepVersion version(int step) {
    return versions.get(steps.get(step).name());
  }

  private Map<String, TensorSource> link(int step) {
    Map<String, TensorSource> said = steps.get(step).inputs().orElse(Map.of());
    Map<String, TensorSource> all = new LinkedHashMap<>();
    if (said.keySet().stream().allMatch(name -> version(step).input(name).isPresent())) {
      for (TensorMetadata input : version(step).inputs().tensors()) {
        TensorSource source = said.get(input.name());
        all.put(input.name(), source == null ? byName(step, input.name()) : source);
      }
    } else {
      all.putAll(said);
    }
    return all;
  }

  private TensorSource byName(int step, String input) {
    List<TensorSource> givers = new ArrayList<>();
    for (int i = 0; i < step; i++) {
      if (version(i).output(input).isPresent()) {
        givers.add(TensorSource.output(steps.get(i).name(), input));
      }
    }
    if (givers.size() > 1) {
      problems.add(
          PipelineProblems.place(step) + ".inputs." + input,
          "could come from any of " + givers + "; say from which");
    }
    return givers.isEmpty() ? TensorSource.input(input) : givers.get(givers.size() - 1);
  }

  private DraftInputs takers() {
    DraftInputs inputs = new DraftInputs();
    for (int i = 0; i < steps.size(); i++) {
      for (Map.Entry<String, TensorSource> link : links.get(i).entrySet()) {
        if (link.getValue().step().isEmpty()) {
          boolean said = steps.get(i).inputs().orElse(Map.of()).containsKey(link.getKey());
          inputs.add(link.getValue().tensor(), i, link.getKey(), said, version(i));
        }
      }
    }
    return inputs;
  }

  private Map<String, TensorSource> outputs() {
    Set<String> feeding = new TreeSet<>();
    links.forEach(
        inputs -> inputs.values().forEach(source -> source.step().ifPresent(feeding::add)));
    Map<String, TensorSource> outputs = new LinkedHashMap<>();
    for (int i = 0; i < steps.size(); i++) {
      String step = steps.get(i).name();
      if (feeding.contains(step)) {
        continue;
      }
      for (TensorMetadata output : version(i).outputs()) {
        TensorSource source = TensorSource.output(step, output.name());
        TensorSource other = outputs.putIfAbsent(output.name(), source);
        if (other != null) {
          problems.add(
              "outputs." + output.name(),
              "could come from " + other + " and " + source + "; name the outputs");
          // That its step feeds nothing would be told as well.
          outputs.put(source.toString(), source);
        }
      }
    }
    return outputs;
  }

  private Optional<PipelineDefinition> define(Map<String, TensorSource> outputs) {
    List<PipelineStep> linked = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      PipelineStep step = steps.get(i);
      linked.add(
          new PipelineStep(
              step.name(), step.model(), step.version(), step.digest(), Optional.of(links.get(i))));
    }
    try {
      return Optional.of(new PipelineDefinition(linked, outputs));
    } catch (PipelineException e) {
      problems.addAll(e);
      return Optional.empty();
    }
  }

  private List<ParamSpec> params(Set<String> unshared) {
    Map<String, ParamSpec> params = new LinkedHashMap<>();
    for (PipelineStep step : steps) {
      for (ParamSpec param :
          versions.get(step.name()).signature().map(ModelSignature::params).orElse(List.of())) {
        ParamSpec other = params.putIfAbsent(param.name(), param);
        if (other != null && !other.equals(param)) {
          unshared.add(param.name());
        }
      }
    }
    params.keySet().removeAll(unshared);
    return List.copyOf(params.values());
  }
}

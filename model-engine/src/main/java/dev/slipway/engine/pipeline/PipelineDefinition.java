package dev.slipway.engine.pipeline;

import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A graph of registered versions that answers like one model. Acyclic; every step feeds another one
 * or an output. What the tensors look like is known once the versions are.
 *
 * @param steps in any order, 1 to {@value #MAX_STEPS}
 * @param outputs the pipeline's outputs by name, in order, each given by a step
 */
public record PipelineDefinition(List<PipelineStep> steps, Map<String, TensorSource> outputs) {
  /** The most steps of one pipeline. */
  public static final int MAX_STEPS = 64;

  /** The most steps that one request may run, those of pipelines that are steps included. */
  public static final int MAX_ALL_STEPS = 128;

  /** How deep pipelines may lie in each other, this one included. */
  public static final int MAX_DEPTH = 8;

  /** The flavor of packages that are pipelines. */
  public static final String FLAVOR = PipelineFlavor.NAME;

  /**
   * Copies the collections.
   *
   * @throws PipelineException with everything that is wrong with the graph
   */
  public PipelineDefinition {
    steps = List.copyOf(steps);
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    PipelineProblems problems = new PipelineProblems();
    check(steps, outputs, problems);
    problems.throwIfAny();
  }

  /**
   * Finds the pipeline that a package is; empty for a package with a model of its own.
   *
   * @throws PipelineException with everything that is wrong with it
   */
  public static Optional<PipelineDefinition> find(MLmodel mlmodel) {
    return find(mlmodel.flavors().values());
  }

  /** Finds the pipeline among a package's flavors, as {@link #find(MLmodel)} does. */
  public static Optional<PipelineDefinition> find(Collection<Flavor> flavors) {
    return flavors.stream()
        .filter(flavor -> flavor.name().equals(FLAVOR))
        .findFirst()
        .map(PipelineFlavor::read);
  }

  /** Returns the flavor that says this in an {@code MLmodel} file. */
  public Flavor toFlavor() {
    return PipelineFlavor.write(this);
  }

  /** Returns the names of the pipeline's inputs that steps name, in the order of first use. */
  public Set<String> inputs() {
    Set<String> names = new LinkedHashSet<>();
    for (PipelineStep step : steps) {
      step.inputs().orElse(Map.of()).values().stream()
          .filter(source -> source.step().isEmpty())
          .forEach(source -> names.add(source.tensor()));
    }
    return names;
  }

  /** Returns the steps, each behind those that feed it; otherwise as given. */
  public List<PipelineStep> inOrder() {
    return order(steps).ordered();
  }

  private static void check(
      List<PipelineStep> steps, Map<String, TensorSource> outputs, PipelineProblems problems) {
    if (steps.isEmpty() || steps.size() > MAX_STEPS) {
      problems.add("steps", "has " + steps.size() + " steps; must have 1 to " + MAX_STEPS);
    }
    if (outputs.isEmpty()) {
      problems.add("outputs", "names no output");
    }
    Map<String, Integer> indexes = new HashMap<>();
    for (int i = 0; i < steps.size(); i++) {
      Integer first = indexes.putIfAbsent(steps.get(i).name(), i);
      if (first != null) {
        problems.add(
            "steps[" + i + "].name",
            "is \"" + steps.get(i).name() + "\", the name of steps[" + first + "] already");
      }
    }
    Set<String> feeding = new HashSet<>();
    for (int i = 0; i < steps.size(); i++) {
      String path = "steps[" + i + "].inputs";
      steps
          .get(i)
          .inputs()
          .orElse(Map.of())
          .forEach(
              (name, source) -> checkSource(path + "." + name, source, indexes, feeding, problems));
    }
    outputs.forEach(
        (name, source) -> {
          checkSource("outputs." + name, source, indexes, feeding, problems);
          if (source.step().isEmpty()) {
            problems.add("outputs." + name, "is an input; must be given by a step");
          }
        });
    for (int i = 0; i < steps.size(); i++) {
      if (!feeding.contains(steps.get(i).name())) {
        problems.add("steps[" + i + "]", "feeds no other step and no output");
      }
    }
    if (indexes.size() == steps.size()) {
      List<String> stuck = order(steps).stuck();
      if (!stuck.isEmpty()) {
        problems.add("steps", "feed each other in a circle: " + String.join(", ", stuck));
      }
    }
  }

  private static void checkSource(
      String path,
      TensorSource source,
      Map<String, Integer> indexes,
      Set<String> feeding,
      PipelineProblems problems) {
    source
        .step()
        .ifPresent(
            step -> {
              feeding.add(step);
              if (!indexes.containsKey(step)) {
                problems.add(path, "comes from the step \"" + step + "\", which does not exist");
              }
            });
  }

  /**
   * An order of steps.
   *
   * @param ordered each behind those that feed it
   * @param stuck names of those that a circle keeps from having a place
   */
  private record Order(List<PipelineStep> ordered, List<String> stuck) {}

  private static Order order(List<PipelineStep> steps) {
    Set<String> all = new HashSet<>();
    steps.forEach(step -> all.add(step.name()));
    List<PipelineStep> left = new ArrayList<>(steps);
    List<PipelineStep> ordered = new ArrayList<>();
    Set<String> done = new HashSet<>();
    boolean found = true;
    while (found) {
      found = false;
      for (PipelineStep step : List.copyOf(left)) {
        // A step that does not exist is another problem.
        if (sources(step).allMatch(source -> done.contains(source) || !all.contains(source))) {
          left.remove(step);
          ordered.add(step);
          done.add(step.name());
          found = true;
        }
      }
    }
    return new Order(ordered, circle(left));
  }

  /** Leaves out the steps that merely come behind a circle. */
  private static List<String> circle(List<PipelineStep> stuck) {
    List<PipelineStep> left = new ArrayList<>(stuck);
    boolean found = true;
    while (found) {
      Set<String> feeding = new HashSet<>();
      left.forEach(step -> sources(step).forEach(feeding::add));
      found = left.removeIf(step -> !feeding.contains(step.name()));
    }
    return left.stream().map(PipelineStep::name).toList();
  }

  private static Stream<String> sources(PipelineStep step) {
    return step.inputs().orElse(Map.of()).values().stream()
        .flatMap(source -> source.step().stream());
  }
}

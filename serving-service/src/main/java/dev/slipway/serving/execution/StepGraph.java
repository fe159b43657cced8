package dev.slipway.serving.execution;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * The steps of a pipeline, ready to run. A request holds no thread while its steps compute: each
 * answer sets off what waited for it, on the thread that called the step if it came at once, else
 * on the executor, so that engines never wait for what comes behind them. Of several steps that may
 * run at once all but one are handed to the engines' threads, and so are those that the executor
 * sets off: an engine that hangs must not take its threads. Thread-safe.
 */
public final class StepGraph {
  private final String version;
  private final List<Step> steps;
  private final Map<String, Origin> outputs;
  private final Executor executor;
  private final Map<Integer, List<Integer>> followers = new HashMap<>();

  /**
   * Creates the graph.
   *
   * @param version names the pipeline in messages
   * @param steps each behind those that feed it
   * @param outputs what gives each output of the pipeline, always a step
   * @param executor goes on with requests whose step was answered elsewhere; stays the caller's
   */
  public StepGraph(
      String version, List<Step> steps, Map<String, Origin> outputs, Executor executor) {
    this.version = version;
    this.steps = List.copyOf(steps);
    this.outputs = Map.copyOf(outputs);
    this.executor = executor;
    for (int i = 0; i < steps.size(); i++) {
      for (int before : feeders(i)) {
        followers.computeIfAbsent(before, key -> new ArrayList<>()).add(i);
      }
    }
  }

  /** Stands for the pipeline itself where a step is meant. */
  public static final int REQUEST = -1;

  /**
   * What gives a tensor.
   *
   * @param step index of a step, or {@link #REQUEST} for an input of the pipeline
   * @param tensor its name there
   */
  public record Origin(int step, String tensor) {}

  /**
   * One step.
   *
   * @param name for messages and figures
   * @param inputs what gives each of its inputs, by the input's name
   * @param outputs the outputs that others need, in the version's order
   * @param engine has it answered
   */
  public record Step(
      StepName name, Map<String, Origin> inputs, List<String> outputs, StepEngine engine) {
    /** Copies the collections. */
    public Step {
      inputs = Map.copyOf(inputs);
      outputs = List.copyOf(outputs);
    }
  }

  /** Runs a request whose inputs were checked; its receiver is told the outcome. Never throws. */
  public void run(Execution request) {
    new GraphRun(this, request).start();
  }

  String version() {
    return version;
  }

  List<Step> steps() {
    return steps;
  }

  Origin output(String name) {
    return outputs.get(name);
  }

  Executor executor() {
    return executor;
  }

  /** Returns the steps that wait for a step. */
  List<Integer> followers(int step) {
    return followers.getOrDefault(step, List.of());
  }

  /** Returns the steps that a step waits for. */
  List<Integer> feeders(int step) {
    return steps.get(step).inputs().values().stream()
        .map(Origin::step)
        .filter(feeder -> feeder != REQUEST)
        .distinct()
        .toList();
  }
}

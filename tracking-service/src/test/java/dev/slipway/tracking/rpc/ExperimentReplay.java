package dev.slipway.tracking.rpc;

import dev.slipway.tracking.v1.Experiment;
import dev.slipway.tracking.v1.ExperimentRunChange;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.WatchExperimentResponse;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Is an experiment as a watcher knows it from the messages that it got. */
final class ExperimentReplay {
  private final Map<String, RunReplay> runs = new TreeMap<>();
  private Experiment experiment = Experiment.getDefaultInstance();
  private boolean complete;

  static ExperimentReplay of(List<WatchExperimentResponse> messages) {
    ExperimentReplay replay = new ExperimentReplay();
    boolean inSnapshot = false;
    for (WatchExperimentResponse message : messages) {
      if (message.hasSnapshot() && !inSnapshot) {
        replay.runs.clear();
        inSnapshot = true;
      }
      replay.apply(message);
      if (message.getSnapshot().getComplete()) {
        inSnapshot = false;
        replay.complete = true;
      }
    }
    return replay;
  }

  private void apply(WatchExperimentResponse message) {
    experiment = message.hasExperiment() ? message.getExperiment() : experiment;
    message.getSnapshot().getRunsList().forEach(run -> add(run.getInfo().getRunId(), run));
    for (ExperimentRunChange change : message.getChangesList()) {
      switch (change.getType()) {
        case TYPE_ADDED -> add(change.getRunId(), change.getRun());
        case TYPE_CHANGED -> {
          if (!runs.containsKey(change.getRunId())) {
            throw new AssertionError("a run changed that is not known: " + change.getRunId());
          }
          runs.get(change.getRunId()).apply(change.getChange());
        }
        case TYPE_REMOVED -> runs.remove(change.getRunId());
        default -> throw new AssertionError(change.getType());
      }
    }
  }

  private void add(String id, Run run) {
    RunReplay replay = new RunReplay();
    replay.replace(run);
    runs.put(id, replay);
  }

  /** Returns whether a snapshot was complete. */
  boolean isComplete() {
    return complete;
  }

  Experiment experiment() {
    return experiment;
  }

  /** Returns the runs by their ids. */
  Map<String, Run> runs() {
    return runs.entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey, entry -> entry.getValue().run(), (a, b) -> a, TreeMap::new));
  }
}

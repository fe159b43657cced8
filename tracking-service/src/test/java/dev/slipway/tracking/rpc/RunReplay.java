package dev.slipway.tracking.rpc;

import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.MetricAppend;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunChange;
import dev.slipway.tracking.v1.RunData;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.RunInputs;
import dev.slipway.tracking.v1.RunOutputs;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.WatchRunResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Is a run as a watcher knows it from the messages that it got. */
final class RunReplay {
  private final Map<String, Metric> metrics = new TreeMap<>();
  private final Map<String, Param> params = new TreeMap<>();
  private final Map<String, Tag> tags = new TreeMap<>();
  private final Map<String, List<Long>> appendedSteps = new TreeMap<>();
  private RunInfo info = RunInfo.getDefaultInstance();
  private RunInputs inputs = RunInputs.getDefaultInstance();
  private RunOutputs outputs = RunOutputs.getDefaultInstance();
  private boolean omitted;

  static RunReplay of(List<WatchRunResponse> messages) {
    RunReplay replay = new RunReplay();
    for (WatchRunResponse message : messages) {
      switch (message.getMessageCase()) {
        case SNAPSHOT -> replay.replace(message.getSnapshot());
        case CHANGE -> replay.apply(message.getChange());
        case HEARTBEAT -> {}
        case MESSAGE_NOT_SET -> throw new AssertionError("an empty message");
      }
    }
    return replay;
  }

  void replace(Run run) {
    metrics.clear();
    params.clear();
    tags.clear();
    apply(
        RunChange.newBuilder()
            .setInfo(run.getInfo())
            .addAllMetrics(run.getData().getMetricsList())
            .addAllParams(run.getData().getParamsList())
            .addAllTags(run.getData().getTagsList())
            .setInputs(run.getInputs())
            .setOutputs(run.getOutputs())
            .build());
  }

  void apply(RunChange change) {
    info = change.hasInfo() ? change.getInfo() : info;
    inputs = change.hasInputs() ? change.getInputs() : inputs;
    outputs = change.hasOutputs() ? change.getOutputs() : outputs;
    change.getMetricsList().forEach(metric -> metrics.put(metric.getKey(), metric));
    change.getParamsList().forEach(param -> params.put(param.getKey(), param));
    change.getTagsList().forEach(tag -> tags.put(tag.getKey(), tag));
    change.getDeletedTagKeysList().forEach(tags::remove);
    for (MetricAppend append : change.getAppendedList()) {
      appendedSteps
          .computeIfAbsent(append.getMetricKey(), key -> new ArrayList<>())
          .addAll(append.getPoints().getStepList());
    }
    omitted |= change.getPointsOmitted();
  }

  Run run() {
    return Run.newBuilder()
        .setInfo(info)
        .setData(
            RunData.newBuilder()
                .addAllMetrics(metrics.values())
                .addAllParams(params.values())
                .addAllTags(tags.values()))
        .setInputs(inputs)
        .setOutputs(outputs)
        .build();
  }

  /** Returns the steps of the points that were appended to a metric, in the order they came. */
  List<Long> appendedSteps(String key) {
    return appendedSteps.getOrDefault(key, List.of());
  }

  boolean pointsOmitted() {
    return omitted;
  }
}

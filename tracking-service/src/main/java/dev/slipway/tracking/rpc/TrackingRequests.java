package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.Violations;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.Experiment;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.experiment.NewExperiment;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.model.ModelPoint;
import dev.slipway.tracking.run.LogBatch;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.run.RunNames;
import dev.slipway.tracking.run.RunStatus;
import dev.slipway.tracking.run.RunUpdate;
import dev.slipway.tracking.v1.CreateExperimentRequest;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.UpdateExperimentRequest;
import dev.slipway.tracking.v1.UpdateRunRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Turns requests into domain values, all violations of a request at once. */
final class TrackingRequests {
  private static final Set<String> EXPERIMENT_MASK = Set.of("name");
  private static final Set<String> RUN_MASK =
      Set.of("run_name", "user_id", "status", "start_time", "end_time");

  private TrackingRequests() {}

  /** Is a new name for an experiment. */
  record Rename(ExperimentId id, String name) {}

  /** Is a change to a run. */
  record RunChange(RunId id, RunUpdate update) {}

  static ExperimentId experimentId(String text) {
    Violations violations = new Violations();
    Optional<ExperimentId> id = EntryRequests.experimentId("experiment_id", text, violations);
    violations.throwIfAny();
    return id.orElseThrow();
  }

  static RunId runId(String text) {
    Violations violations = new Violations();
    Optional<RunId> id = EntryRequests.runId("run_id", text, violations);
    violations.throwIfAny();
    return id.orElseThrow();
  }

  static String experimentName(String name) {
    Violations violations = new Violations();
    violations.required("name", name);
    EntryRequests.text("name", name, Experiment.MAX_NAME_CHARS, violations);
    violations.throwIfAny();
    return name;
  }

  static NewExperiment createExperiment(CreateExperimentRequest request) {
    Violations violations = new Violations();
    NewExperiment experiment =
        new NewExperiment(
            violations.requestId("request_id", request.getRequestId()),
            checkExperimentName("name", request.getName(), violations),
            artifactLocation(request.getArtifactLocation(), violations),
            EntryRequests.tags(
                "tags", request.getTagsList(), Tag.MAX_EXPERIMENT_VALUE_CHARS, violations));
    violations.throwIfAny();
    return experiment;
  }

  private static String checkExperimentName(String field, String name, Violations violations) {
    violations.required(field, name);
    if (!name.isEmpty() && name.isBlank()) {
      violations.add(field, "must not be blank");
    }
    EntryRequests.text(field, name, Experiment.MAX_NAME_CHARS, violations);
    return name;
  }

  private static Optional<String> artifactLocation(String location, Violations violations) {
    String field = "artifact_location";
    violations.atMost(field, location, Experiment.MAX_LOCATION_CHARS);
    if (location.startsWith("runs:")) {
      violations.add(field, "must not be a runs: URI");
    }
    if (location.contains("#")) {
      violations.add(field, "must not have a fragment");
    }
    if (location.chars().anyMatch(Character::isISOControl)) {
      violations.add(field, "must not contain control characters");
    }
    int query = location.indexOf('?');
    if (query >= 0 && location.indexOf("..", query) >= 0) {
      violations.add(field, "must not contain .. in its query");
    }
    return location.isEmpty() ? Optional.empty() : Optional.of(location);
  }

  static Rename updateExperiment(UpdateExperimentRequest request) {
    Violations violations = new Violations();
    Optional<ExperimentId> id =
        EntryRequests.experimentId(
            "experiment.experiment_id", request.getExperiment().getExperimentId(), violations);
    Set<String> mask = EntryRequests.mask(request.getUpdateMask(), EXPERIMENT_MASK, violations);
    String name = request.getExperiment().getName();
    if (mask.contains("name")) {
      checkExperimentName("experiment.name", name, violations);
    }
    violations.throwIfAny();
    return new Rename(id.orElseThrow(), name);
  }

  static NewRun createRun(CreateRunRequest request, Instant now, RandomGenerator random) {
    Violations violations = new Violations();
    Optional<String> requestId = violations.requestId("request_id", request.getRequestId());
    ExperimentId experiment =
        request.getExperimentId().isEmpty()
            ? ExperimentId.DEFAULT
            : EntryRequests.experimentId("experiment_id", request.getExperimentId(), violations)
                .orElse(ExperimentId.DEFAULT);
    RunId id =
        request.getRunId().isEmpty()
            ? RunId.create(now)
            : EntryRequests.runId("run_id", request.getRunId(), violations)
                .orElseGet(() -> RunId.create(now));
    EntryRequests.text("run_name", request.getRunName(), RunInfo.MAX_NAME_CHARS, violations);
    EntryRequests.text("user_id", request.getUserId(), RunInfo.MAX_USER_CHARS, violations);
    Instant start =
        request.hasStartTime()
            ? EntryRequests.time("start_time", request.getStartTime(), violations)
            : now;
    Map<String, Tag> tags = new HashMap<>();
    EntryRequests.runTags("tags", request.getTagsList(), violations)
        .forEach(tag -> tags.put(tag.key(), tag));
    String name = runName(request.getRunName(), tags.get(Tag.RUN_NAME), violations);
    violations.throwIfAny();
    if (name.isEmpty()) {
      name = RunNames.generate(random);
    }
    tags.put(Tag.RUN_NAME, new Tag(Tag.RUN_NAME, name));
    return new NewRun(
        requestId,
        id,
        experiment,
        name,
        user(request.getUserId(), tags.get(Tag.USER)),
        start,
        List.copyOf(tags.values()));
  }

  private static String runName(String name, Tag tag, Violations violations) {
    if (tag == null) {
      return name;
    }
    if (!name.isEmpty() && !name.equals(tag.value())) {
      violations.add("run_name", "differs from the tag " + Tag.RUN_NAME + "; give one of them");
    }
    return tag.value();
  }

  private static String user(String user, Tag tag) {
    if (!user.isEmpty() || tag == null) {
      return user;
    }
    int length = tag.value().codePointCount(0, tag.value().length());
    return length <= RunInfo.MAX_USER_CHARS ? tag.value() : "";
  }

  static RunChange updateRun(UpdateRunRequest request) {
    Violations violations = new Violations();
    var run = request.getRun();
    Optional<RunId> id = EntryRequests.runId("run.run_id", run.getRunId(), violations);
    Set<String> mask = EntryRequests.mask(request.getUpdateMask(), RUN_MASK, violations);
    Optional<String> name = Optional.empty();
    if (mask.contains("run_name")) {
      violations.required("run.run_name", run.getRunName());
      EntryRequests.text("run.run_name", run.getRunName(), RunInfo.MAX_NAME_CHARS, violations);
      name = Optional.of(run.getRunName());
    }
    Optional<String> user = Optional.empty();
    if (mask.contains("user_id")) {
      EntryRequests.text("run.user_id", run.getUserId(), RunInfo.MAX_USER_CHARS, violations);
      user = Optional.of(run.getUserId());
    }
    Optional<RunStatus> status =
        mask.contains("status")
            ? Optional.of(status("run.status", run.getStatus(), violations))
            : Optional.empty();
    Optional<Instant> start = Optional.empty();
    if (mask.contains("start_time")) {
      if (!run.hasStartTime()) {
        violations.add("run.start_time", "is required when the mask names it");
      }
      start = Optional.of(EntryRequests.time("run.start_time", run.getStartTime(), violations));
    }
    Optional<Optional<Instant>> end = Optional.empty();
    if (mask.contains("end_time")) {
      end =
          Optional.of(
              run.hasEndTime()
                  ? Optional.of(EntryRequests.time("run.end_time", run.getEndTime(), violations))
                  : Optional.empty());
    }
    violations.throwIfAny();
    return new RunChange(id.orElseThrow(), new RunUpdate(name, user, status, start, end));
  }

  private static RunStatus status(
      String field, dev.slipway.tracking.v1.RunStatus status, Violations violations) {
    return switch (status) {
      case RUN_STATUS_RUNNING -> RunStatus.RUNNING;
      case RUN_STATUS_SCHEDULED -> RunStatus.SCHEDULED;
      case RUN_STATUS_FINISHED -> RunStatus.FINISHED;
      case RUN_STATUS_FAILED -> RunStatus.FAILED;
      case RUN_STATUS_KILLED -> RunStatus.KILLED;
      case RUN_STATUS_UNSPECIFIED, UNRECOGNIZED -> {
        violations.add(field, "must be running, scheduled, finished, failed or killed");
        yield RunStatus.RUNNING;
      }
    };
  }

  static LogBatch logBatch(LogBatchRequest request, Instant now) {
    Violations violations = new Violations();
    Optional<RunId> run = EntryRequests.runId("run_id", request.getRunId(), violations);
    EntryRequests.atMost("metrics", request.getMetricsCount(), LogBatch.MAX_METRICS, violations);
    MetricBatch metrics = metrics(request.getMetricsList(), now.toEpochMilli(), violations);
    List<ModelPoint> modelPoints =
        ModelPointRequests.modelPoints("metrics", request.getMetricsList(), metrics, violations);
    List<Param> params =
        EntryRequests.params("params", request.getParamsList(), Param.MAX_PER_REQUEST, violations);
    List<Tag> tags = EntryRequests.runTags("tags", request.getTagsList(), violations);
    int entries = request.getMetricsCount() + request.getParamsCount() + request.getTagsCount();
    if (entries > LogBatch.MAX_ENTRIES) {
      violations.add(
          "metrics",
          "with params and tags has "
              + entries
              + " entries; a batch can contain at most "
              + LogBatch.MAX_ENTRIES);
    }
    violations.throwIfAny();
    return new LogBatch(run.orElseThrow(), metrics, params, tags, modelPoints);
  }

  private static MetricBatch metrics(List<Metric> messages, long nowMillis, Violations violations) {
    int points = messages.size();
    Map<String, Integer> names = new HashMap<>();
    List<String> dictionary = new ArrayList<>();
    int[] nameIndexes = new int[points];
    long[] steps = new long[points];
    long[] timestamps = new long[points];
    double[] values = new double[points];
    for (int i = 0; i < points; i++) {
      Metric message = messages.get(i);
      Integer name = names.get(message.getKey());
      if (name == null) {
        name = dictionary.size();
        dictionary.add(message.getKey());
        if (EntryRequests.key("metrics[" + i + "].key", message.getKey(), violations)) {
          names.put(message.getKey(), name);
        }
      }
      if (!message.hasValue()) {
        violations.addMissing("metrics[" + i + "].value");
      }
      if (message.getTimestampMs() < 0) {
        violations.add("metrics[" + i + "].timestamp_ms", "must be 0 or more");
      }
      nameIndexes[i] = name;
      steps[i] = message.getStep();
      timestamps[i] = message.hasTimestampMs() ? message.getTimestampMs() : nowMillis;
      values[i] = message.getValue();
    }
    return new MetricBatch(dictionary, nameIndexes, steps, timestamps, values);
  }
}

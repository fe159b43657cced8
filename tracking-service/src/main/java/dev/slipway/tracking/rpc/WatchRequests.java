package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.Violations;
import dev.slipway.tracking.entry.KeySelection;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.lifecycle.ViewType;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.v1.WatchExperimentRequest;
import dev.slipway.tracking.v1.WatchRunRequest;
import dev.slipway.tracking.watch.FeedPosition;
import java.time.Duration;
import java.util.Optional;
import java.util.TreeSet;

/** Turns requests to watch into domain values, all violations of a request at once. */
final class WatchRequests {
  private static final Duration RUN_INTERVAL = Duration.ofMillis(250);
  private static final Duration EXPERIMENT_INTERVAL = Duration.ofSeconds(1);
  private static final Duration MIN_INTERVAL = Duration.ofMillis(10);
  private static final Duration MAX_INTERVAL = Duration.ofMinutes(1);
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);
  private static final Duration MIN_HEARTBEAT = Duration.ofSeconds(1);
  private static final Duration MAX_HEARTBEAT = Duration.ofMinutes(5);

  private WatchRequests() {}

  /**
   * Says how a watch goes on.
   *
   * @param watched names what is watched, for resume tokens
   * @param minInterval least time between messages with changes
   * @param heartbeat time without a message after which one says that the watch is alive
   * @param resumeFrom what the caller knows; absent for a snapshot
   */
  record Course(
      String watched,
      Duration minInterval,
      Duration heartbeat,
      Optional<FeedPosition> resumeFrom) {}

  /** Is a run to watch. */
  record OfRun(RunId id, RunProjection projection, boolean includePoints, Course course) {}

  /** Is an experiment to watch. */
  record OfExperiment(ExperimentId id, RunProjection projection, ViewType view, Course course) {}

  static OfRun watchRun(WatchRunRequest request) {
    Violations violations = new Violations();
    Optional<RunId> id = EntryRequests.runId("run_id", request.getRunId(), violations);
    RunProjection projection = EntryRequests.projection(request.getProjection(), violations);
    Course course =
        course(
            String.join("\n", "run", request.getRunId(), text(projection)),
            request.hasMinInterval()
                ? interval(request.getMinInterval(), violations)
                : RUN_INTERVAL,
            request.hasHeartbeatInterval()
                ? heartbeat(request.getHeartbeatInterval(), violations)
                : HEARTBEAT,
            request.getResumeToken(),
            violations);
    violations.throwIfAny();
    return new OfRun(id.orElseThrow(), projection, request.getIncludePoints(), course);
  }

  static OfExperiment watchExperiment(WatchExperimentRequest request) {
    Violations violations = new Violations();
    Optional<ExperimentId> id =
        EntryRequests.experimentId("experiment_id", request.getExperimentId(), violations);
    RunProjection projection = EntryRequests.projection(request.getProjection(), violations);
    ViewType view = EntryRequests.view("view_type", request.getViewType(), violations);
    Course course =
        course(
            String.join(
                "\n", "experiment", request.getExperimentId(), view.name(), text(projection)),
            request.hasMinInterval()
                ? interval(request.getMinInterval(), violations)
                : EXPERIMENT_INTERVAL,
            request.hasHeartbeatInterval()
                ? heartbeat(request.getHeartbeatInterval(), violations)
                : HEARTBEAT,
            request.getResumeToken(),
            violations);
    violations.throwIfAny();
    return new OfExperiment(id.orElseThrow(), projection, view, course);
  }

  private static Course course(
      String watched,
      Duration minInterval,
      Duration heartbeat,
      String token,
      Violations violations) {
    Optional<FeedPosition> resumeFrom =
        token.isEmpty()
            ? Optional.empty()
            : violations.parse("resume_token", token, text -> ResumeToken.decode(text, watched));
    return new Course(watched, minInterval, heartbeat, resumeFrom);
  }

  private static String text(RunProjection projection) {
    return String.join(
        "\n",
        text(projection.metrics()),
        text(projection.params()),
        text(projection.tags()),
        projection.lineage().name());
  }

  private static String text(KeySelection selection) {
    return selection.keys().map(keys -> new TreeSet<>(keys).toString()).orElse("*");
  }

  private static Duration interval(com.google.protobuf.Duration given, Violations violations) {
    return duration(
        "min_interval", given, MIN_INTERVAL, MAX_INTERVAL, "10 ms to 1 minute", violations);
  }

  private static Duration heartbeat(com.google.protobuf.Duration given, Violations violations) {
    return duration(
        "heartbeat_interval", given, MIN_HEARTBEAT, MAX_HEARTBEAT, "1 s to 5 minutes", violations);
  }

  private static Duration duration(
      String field,
      com.google.protobuf.Duration given,
      Duration min,
      Duration max,
      String range,
      Violations violations) {
    // What is far beyond is refused alike, and must not overflow before.
    long seconds = Math.max(-1, Math.min(given.getSeconds(), max.toSeconds() + 1));
    Duration duration = Duration.ofSeconds(seconds, given.getNanos());
    if (duration.compareTo(min) < 0 || duration.compareTo(max) > 0) {
      violations.add(field, "must be " + range);
      return min;
    }
    return duration;
  }
}

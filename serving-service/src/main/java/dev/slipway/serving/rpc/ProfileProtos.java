package dev.slipway.serving.rpc;

import com.google.protobuf.Duration;
import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.execution.LatencyRecorder;
import dev.slipway.serving.execution.Recording;
import dev.slipway.serving.execution.StepName;
import dev.slipway.serving.execution.StepRecording;
import dev.slipway.serving.inference.Profiler;
import dev.slipway.serving.v1.LatencySummary;
import dev.slipway.serving.v1.Phase;
import dev.slipway.serving.v1.PhaseProfile;
import dev.slipway.serving.v1.ProfileRequest;
import dev.slipway.serving.v1.ProfileResponse;
import dev.slipway.serving.v1.StepProfile;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads and writes the messages of Profile. */
final class ProfileProtos {
  private static final java.time.Duration DEFAULT_DURATION = java.time.Duration.ofSeconds(10);
  private static final java.time.Duration MIN_DURATION = java.time.Duration.ofMillis(100);
  private static final java.time.Duration MAX_DURATION = java.time.Duration.ofMinutes(5);
  private static final long MAX_REQUESTS = 1_000_000;

  private ProfileProtos() {}

  static java.time.Duration duration(ProfileRequest request, Violations violations) {
    if (!request.hasDuration()) {
      return DEFAULT_DURATION;
    }
    Duration given = request.getDuration();
    java.time.Duration duration = MAX_DURATION;
    if (given.getSeconds() >= 0 && given.getSeconds() <= MAX_DURATION.toSeconds()) {
      duration = java.time.Duration.ofSeconds(given.getSeconds(), given.getNanos());
    }
    if (given.getSeconds() > MAX_DURATION.toSeconds()
        || given.getSeconds() < 0
        || duration.compareTo(MIN_DURATION) < 0
        || duration.compareTo(MAX_DURATION) > 0) {
      violations.add("duration", "must be 100 milliseconds to 5 minutes");
    }
    return duration;
  }

  static long maxRequests(ProfileRequest request, Violations violations) {
    long most = request.getMaxRequests();
    if (most < 0 || most > MAX_REQUESTS) {
      violations.add("max_requests", "is " + most + "; must be 0 to 1,000,000");
    }
    return most <= 0 ? Long.MAX_VALUE : most;
  }

  static ProfileResponse response(VersionKey key, Profiler.Profile profile) {
    Recording recording = profile.recording();
    LatencySummary requests = summary(recording.requests());
    ProfileResponse.Builder response =
        ProfileResponse.newBuilder()
            .setModel(key.model())
            .setVersion(key.version())
            .setDuration(ServingProtos.duration(profile.duration()))
            .setRequests(requests)
            .setRows(recording.rows())
            .setEngineCalls(recording.engineCalls())
            .setCacheHits(recording.cacheHits());
    if (requests.getCount() > 0) {
      steps(key, recording).forEach(response::addSteps);
    }
    return response.build();
  }

  /** Returns the version's own part and those of its steps, by descending share. */
  private static List<StepProfile> steps(VersionKey key, Recording recording) {
    Map<StepName, StepRecording> parts = new HashMap<>(recording.steps());
    parts.put(new StepName(key.model(), key.model(), key.version()), recording.own());
    double total =
        Math.max(1, parts.values().stream().mapToLong(part -> part.net().sumNanos()).sum());
    return parts.entrySet().stream()
        .map(part -> step(part.getKey(), part.getValue(), total))
        .sorted(Comparator.comparingDouble(StepProfile::getNetShare).reversed())
        .toList();
  }

  private static StepProfile step(StepName name, StepRecording recording, double totalNanos) {
    LatencySummary net = summary(recording.net());
    StepProfile.Builder step =
        StepProfile.newBuilder()
            .setStep(name.step())
            .setModel(name.model())
            .setVersion(name.version())
            .setCalls(net.getCount())
            .setRows(recording.rows())
            .setNet(net)
            .setNetShare(recording.net().sumNanos() / totalNanos);
    double stepNanos = Math.max(1, recording.net().sumNanos());
    for (Recording.Part part : Recording.Part.values()) {
      LatencyRecorder time = recording.part(part);
      if (time.sumNanos() > 0) {
        step.addPhases(
            PhaseProfile.newBuilder()
                .setPhase(phase(part))
                .setTime(summary(time))
                .setShare(time.sumNanos() / stepNanos));
      }
    }
    return step.build();
  }

  private static Phase phase(Recording.Part part) {
    return switch (part) {
      case QUEUE -> Phase.PHASE_QUEUE;
      case ASSEMBLY -> Phase.PHASE_ASSEMBLY;
      case COMPUTE -> Phase.PHASE_COMPUTE;
      case SPLIT -> Phase.PHASE_SPLIT;
      case CACHE -> Phase.PHASE_CACHE;
    };
  }

  private static LatencySummary summary(LatencyRecorder recorder) {
    LatencyRecorder.Figures figures = recorder.figures();
    return LatencySummary.newBuilder()
        .setCount(figures.count())
        .setMean(ServingProtos.nanos(figures.mean()))
        .setP50(ServingProtos.nanos(figures.p50()))
        .setP95(ServingProtos.nanos(figures.p95()))
        .setP99(ServingProtos.nanos(figures.p99()))
        .setMax(ServingProtos.nanos(figures.max()))
        .build();
  }
}

package dev.slipway.tracking.rpc;

import com.google.protobuf.Duration;
import dev.slipway.runtime.error.Violations;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.retention.PurgeCounts;
import dev.slipway.tracking.retention.PurgeResult;
import dev.slipway.tracking.retention.PurgeScope;
import dev.slipway.tracking.service.Retention;
import dev.slipway.tracking.v1.PurgeDeletedRequest;
import dev.slipway.tracking.v1.PurgeDeletedResponse;
import io.grpc.Context;
import java.time.Clock;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Adapts the purge of deleted objects. Thread-safe. */
final class RetentionRpcs {
  private static final int DEFAULT_OBJECTS = 1_000;
  private static final int MAX_OBJECTS = 10_000;
  private static final int MAX_EXPERIMENTS = 1_000;

  /** Greatest duration of the protobuf type, in seconds: about 10,000 years. */
  private static final long MAX_SECONDS = 315_576_000_000L;

  private static final int NANOS_PER_SECOND = 1_000_000_000;

  private final Retention retention;
  private final Clock clock;

  RetentionRpcs(Retention retention, Clock clock) {
    this.retention = retention;
    this.clock = clock;
  }

  PurgeDeletedResponse purgeDeleted(PurgeDeletedRequest request) {
    Violations violations = new Violations();
    Instant deletedUntil = deletedUntil(request, violations);
    Optional<Set<ExperimentId>> experiments =
        experiments(request.getExperimentIdsList(), violations);
    int maxObjects = request.getMaxObjects();
    if (maxObjects < 0) {
      violations.add("max_objects", "is " + maxObjects + "; must be 0 or more");
    }
    violations.throwIfAny();
    PurgeScope scope = new PurgeScope(deletedUntil, experiments);
    if (request.getDryRun()) {
      return answer(retention.count(scope)).build();
    }
    PurgeResult result =
        retention.purge(
            scope,
            maxObjects == 0 ? DEFAULT_OBJECTS : Math.min(maxObjects, MAX_OBJECTS),
            Context.current()::isCancelled);
    return answer(result.counts())
        .addAllArtifactUris(result.artifactUris())
        .setMore(result.more())
        .build();
  }

  private Instant deletedUntil(PurgeDeletedRequest request, Violations violations) {
    if (!request.hasOlderThan()) {
      violations.add("older_than", "is required");
      return Instant.EPOCH;
    }
    Duration age = request.getOlderThan();
    boolean valid =
        age.getSeconds() >= 0
            && age.getSeconds() <= MAX_SECONDS
            && age.getNanos() >= 0
            && age.getNanos() < NANOS_PER_SECOND;
    if (!valid) {
      violations.add("older_than", "must be a duration of 0 or more");
      return Instant.EPOCH;
    }
    return clock.instant().minusSeconds(age.getSeconds()).minusNanos(age.getNanos());
  }

  private static Optional<Set<ExperimentId>> experiments(List<String> ids, Violations violations) {
    EntryRequests.atMost("experiment_ids", ids.size(), MAX_EXPERIMENTS, violations);
    Set<ExperimentId> experiments = new HashSet<>();
    for (int i = 0; i < ids.size(); i++) {
      EntryRequests.experimentId("experiment_ids[" + i + "]", ids.get(i), violations)
          .ifPresent(experiments::add);
    }
    return ids.isEmpty() ? Optional.empty() : Optional.of(experiments);
  }

  private static PurgeDeletedResponse.Builder answer(PurgeCounts counts) {
    return PurgeDeletedResponse.newBuilder()
        .setExperiments(counts.experiments())
        .setRuns(counts.runs())
        .setLoggedModels(counts.loggedModels())
        .setMetricBytes(counts.metricBytes());
  }
}

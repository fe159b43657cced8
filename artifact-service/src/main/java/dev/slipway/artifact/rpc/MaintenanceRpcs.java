package dev.slipway.artifact.rpc;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.maintenance.CheckCounts;
import dev.slipway.artifact.maintenance.CollectionCounts;
import dev.slipway.artifact.service.ConsistencyCheck;
import dev.slipway.artifact.service.GarbageCollector;
import dev.slipway.artifact.v1.CheckConsistencyProgress;
import dev.slipway.artifact.v1.CheckConsistencyRequest;
import dev.slipway.artifact.v1.CollectGarbageProgress;
import dev.slipway.artifact.v1.CollectGarbageRequest;
import dev.slipway.runtime.error.Violations;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.Optional;

/** Adapts the upkeep of the store. Work is done on the thread of the call. Thread-safe. */
final class MaintenanceRpcs {
  private static final Duration DEFAULT_GRACE_PERIOD = Duration.ofHours(24);

  /** Greatest duration of the protobuf type, in seconds: about 10,000 years. */
  private static final long MAX_SECONDS = 315_576_000_000L;

  private static final int NANOS_PER_SECOND = 1_000_000_000;

  private final GarbageCollector collector;
  private final ConsistencyCheck check;

  MaintenanceRpcs(GarbageCollector collector, ConsistencyCheck check) {
    this.collector = collector;
    this.check = check;
  }

  void collectGarbage(
      CollectGarbageRequest request, ServerCallStreamObserver<CollectGarbageProgress> response) {
    Violations violations = new Violations();
    Duration gracePeriod = gracePeriod(request, violations);
    violations.throwIfAny();
    Context call = Context.current();
    Pace pace = new Pace();
    CollectionCounts counts =
        collector.collect(
            request.getDryRun(),
            gracePeriod,
            soFar -> {
              // Who does not take progress misses some; nothing piles up.
              if (pace.isDue() && response.isReady()) {
                response.onNext(progress(soFar).build());
              }
              return !call.isCancelled();
            });
    if (!call.isCancelled()) {
      response.onNext(progress(counts).setDone(true).build());
      response.onCompleted();
    }
  }

  void checkConsistency(
      CheckConsistencyRequest request,
      ServerCallStreamObserver<CheckConsistencyProgress> response) {
    Violations violations = new Violations();
    Optional<ArtifactPath> path = ArtifactRequests.path("path", request.getPath(), violations);
    violations.throwIfAny();
    CheckStream stream = new CheckStream(response, Context.current());
    CheckCounts counts = check.check(path.orElseThrow(), request.getVerifyContent(), stream);
    stream.finish(counts);
  }

  private static Duration gracePeriod(CollectGarbageRequest request, Violations violations) {
    if (!request.hasGracePeriod()) {
      return DEFAULT_GRACE_PERIOD;
    }
    var grace = request.getGracePeriod();
    if (grace.getSeconds() < 0
        || grace.getSeconds() > MAX_SECONDS
        || grace.getNanos() < 0
        || grace.getNanos() >= NANOS_PER_SECOND) {
      violations.add("grace_period", "must be a duration of 0 or more");
      return Duration.ZERO;
    }
    return Duration.ofSeconds(grace.getSeconds(), grace.getNanos());
  }

  private static CollectGarbageProgress.Builder progress(CollectionCounts counts) {
    return CollectGarbageProgress.newBuilder()
        .setExaminedCount(counts.examined())
        .setCondemnedCount(counts.condemned())
        .setCondemnedBytes(counts.condemnedBytes())
        .setRevivedCount(counts.revived())
        .setRemovedCount(counts.removed())
        .setRemovedBytes(counts.removedBytes())
        .setRemovedManifestCount(counts.removedManifests())
        .setDiscardedUploadCount(counts.discardedUploads());
  }
}

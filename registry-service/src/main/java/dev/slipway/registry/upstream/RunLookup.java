package dev.slipway.registry.upstream;

import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.RunNotFoundException;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Asks the tracking service about runs. Thread-safe; calls block for at most 10 seconds. */
public final class RunLookup {
  private static final Duration DEADLINE = Duration.ofSeconds(10);
  private static final String SERVICE = "tracking";

  private final TrackingServiceBlockingStub stub;

  /** Creates the lookup over a channel that the caller owns. */
  public RunLookup(Channel channel) {
    stub = TrackingServiceGrpc.newBlockingStub(channel);
  }

  /**
   * Returns the root of a run's artifacts as a URI.
   *
   * @throws RunNotFoundException if there is no such run
   * @throws UpstreamUnavailableException if the service does not answer
   */
  public String artifactUri(RunId runId) {
    try {
      return stub.withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
          .getRun(GetRunRequest.newBuilder().setRunId(runId.value()).build())
          .getInfo()
          .getArtifactUri();
    } catch (StatusRuntimeException e) {
      throw switch (e.getStatus().getCode()) {
        case NOT_FOUND -> new RunNotFoundException(runId);
        case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED ->
            new UpstreamUnavailableException(SERVICE, e);
        default -> new UpstreamFailureException(SERVICE, e);
      };
    }
  }
}

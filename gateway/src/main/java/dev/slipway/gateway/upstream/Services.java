package dev.slipway.gateway.upstream;

import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingStub;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingV2Stub;
import dev.slipway.gateway.GatewayPeers;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.ServingServiceGrpc.ServingServiceBlockingStub;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceStub;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Gives stubs of the services. Calls are made in the name of the request's {@link Caller} and end
 * with the request, since a handler runs in a gRPC context of its own.
 *
 * <p>A blocking stub is good for one call, which must end within the time allowed; the stubs of
 * streams know no such bound, and whoever uses them sees to it that they end. Thread-safe.
 */
public final class Services {
  private final TrackingServiceBlockingStub tracking;
  private final RegistryServiceBlockingStub registry;
  private final ArtifactServiceBlockingStub artifact;
  private final ServingServiceBlockingStub serving;
  private final GRPCInferenceServiceBlockingStub inference;
  private final TrackingServiceStub watches;
  private final ArtifactServiceBlockingV2Stub transfers;
  private final long timeoutMillis;

  /**
   * Creates stubs over channels, which the caller closes.
   *
   * @param timeout how long a service may take to answer one call
   */
  public Services(GatewayPeers peers, Duration timeout) {
    Channel toTracking = named(peers.tracking());
    Channel toArtifact = named(peers.artifact());
    Channel toServing = named(peers.serving());
    this.tracking = TrackingServiceGrpc.newBlockingStub(toTracking);
    this.registry = RegistryServiceGrpc.newBlockingStub(named(peers.registry()));
    this.artifact = ArtifactServiceGrpc.newBlockingStub(toArtifact);
    this.serving = ServingServiceGrpc.newBlockingStub(toServing);
    this.inference = GRPCInferenceServiceGrpc.newBlockingStub(toServing);
    this.watches = TrackingServiceGrpc.newStub(toTracking);
    this.transfers = ArtifactServiceGrpc.newBlockingV2Stub(toArtifact);
    this.timeoutMillis = timeout.toMillis();
  }

  private static Channel named(Channel channel) {
    return ClientInterceptors.intercept(channel, new Caller.Interceptor());
  }

  /** Returns a stub for one call of tracking. */
  public TrackingServiceBlockingStub tracking() {
    return tracking.withDeadlineAfter(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  /** Returns a stub for one call of the registry. */
  public RegistryServiceBlockingStub registry() {
    return registry.withDeadlineAfter(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  /** Returns a stub for one short call of the artifact service. */
  public ArtifactServiceBlockingStub artifact() {
    return artifact.withDeadlineAfter(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  /** Returns a stub for one call of serving. */
  public ServingServiceBlockingStub serving() {
    return serving.withDeadlineAfter(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  /** Returns a stub for one call of serving in the Open Inference Protocol. */
  public GRPCInferenceServiceBlockingStub inference() {
    return inference.withDeadlineAfter(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  /** Returns the stub that watches of tracking are opened by; they go on as long as wanted. */
  public TrackingServiceStub watches() {
    return watches;
  }

  /** Returns the stub that files are moved by, however long that takes. */
  public ArtifactServiceBlockingV2Stub transfers() {
    return transfers;
  }
}

package dev.slipway.gateway.mlflow;

import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import io.grpc.Channel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Gives stubs of the services, each good for one call within the time allowed. Thread-safe. */
final class Services {
  private final TrackingServiceBlockingStub tracking;
  private final RegistryServiceBlockingStub registry;
  private final long timeoutMillis;

  Services(Channel tracking, Channel registry, Duration timeout) {
    this.tracking = TrackingServiceGrpc.newBlockingStub(tracking);
    this.registry = RegistryServiceGrpc.newBlockingStub(registry);
    this.timeoutMillis = timeout.toMillis();
  }

  TrackingServiceBlockingStub tracking() {
    return tracking.withDeadlineAfter(timeoutMillis, TimeUnit.MILLISECONDS);
  }

  RegistryServiceBlockingStub registry() {
    return registry.withDeadlineAfter(timeoutMillis, TimeUnit.MILLISECONDS);
  }
}

package dev.slipway.tracking.rpc;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import java.time.Clock;
import java.util.List;
import java.util.function.Supplier;

/** Makes servers of the tracking service. */
final class TrackingServers {
  private TrackingServers() {}

  /** Returns one in this process, on a database of its own for each test. */
  static GrpcServerExtension inProcess(Supplier<DatabaseConfig> database, Clock clock) {
    return GrpcServerExtension.inProcess(
        () ->
            List.of(
                TrackingModule.open(
                    new TrackingConfig(database.get(), TrackingConfig.DEFAULT_ARTIFACT_ROOT),
                    new MetricRegistry(),
                    clock)));
  }
}

package dev.slipway.tracking.rpc;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

class TrackingGrpcServicePostgresIT extends TrackingGrpcServiceContract {
  @Override
  DatabaseConfig newDatabase() {
    return TestDatabases.postgres();
  }
}

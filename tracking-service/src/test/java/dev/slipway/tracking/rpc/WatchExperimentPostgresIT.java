package dev.slipway.tracking.rpc;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

class WatchExperimentPostgresIT extends WatchExperimentContract {
  @Override
  DatabaseConfig databaseConfig() {
    return TestDatabases.postgres();
  }
}

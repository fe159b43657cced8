package dev.slipway.tracking.rpc;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

class WatchRunPostgresIT extends WatchRunContract {
  @Override
  DatabaseConfig databaseConfig() {
    return TestDatabases.postgres();
  }
}

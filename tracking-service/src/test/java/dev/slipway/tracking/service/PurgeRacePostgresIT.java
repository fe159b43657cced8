package dev.slipway.tracking.service;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

class PurgeRacePostgresIT extends PurgeRaceContract {
  @Override
  DatabaseConfig databaseConfig() {
    return TestDatabases.postgres();
  }
}

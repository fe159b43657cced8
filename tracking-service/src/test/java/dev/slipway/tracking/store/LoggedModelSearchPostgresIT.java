package dev.slipway.tracking.store;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

class LoggedModelSearchPostgresIT extends LoggedModelSearchContract {
  @Override
  DatabaseConfig databaseConfig() {
    return TestDatabases.postgres();
  }
}

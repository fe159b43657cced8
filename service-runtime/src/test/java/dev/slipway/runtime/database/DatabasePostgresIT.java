package dev.slipway.runtime.database;

import dev.slipway.runtime.testing.TestDatabases;

class DatabasePostgresIT extends DatabaseContract {
  @Override
  DatabaseConfig config() {
    return TestDatabases.postgres();
  }
}

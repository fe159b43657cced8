package dev.slipway.runtime.database;

import dev.slipway.runtime.testing.TestDatabases;

class DatabasePostgresIT extends DatabaseContract {
  @Override
  DatabaseConfig config() {
    return TestDatabases.postgres();
  }

  @Override
  String endlessQuery() {
    return "SELECT 1 FROM pg_sleep(100000)";
  }
}

package dev.slipway.runtime.search.sql;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

class KeysetQueryPostgresIT extends KeysetQueryContract {
  @Override
  DatabaseConfig config() {
    return TestDatabases.postgres();
  }
}

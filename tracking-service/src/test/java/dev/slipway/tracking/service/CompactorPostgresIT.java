package dev.slipway.tracking.service;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

class CompactorPostgresIT extends CompactorContract {
  @Override
  DatabaseConfig newDatabase() {
    return TestDatabases.postgres();
  }
}

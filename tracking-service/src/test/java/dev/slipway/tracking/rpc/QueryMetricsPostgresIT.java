package dev.slipway.tracking.rpc;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

class QueryMetricsPostgresIT extends QueryMetricsContract {
  @Override
  DatabaseConfig newDatabase() {
    return TestDatabases.postgres();
  }
}

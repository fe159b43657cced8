package dev.slipway.tracking.rpc;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

class LoggedModelRpcsPostgresIT extends LoggedModelRpcsContract {
  @Override
  DatabaseConfig newDatabase() {
    return TestDatabases.postgres();
  }
}

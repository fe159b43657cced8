package dev.slipway.artifact.store;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

class GroupCommitPostgresIT extends GroupCommitContract {
  @Override
  DatabaseConfig database() {
    return TestDatabases.postgres();
  }
}

package dev.slipway.registry.store;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

final class StageGovernancePostgresIT extends StageGovernanceContract {
  @Override
  DatabaseConfig database() {
    return TestDatabases.postgres();
  }
}

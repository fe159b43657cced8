package dev.slipway.artifact.rpc;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

class CollectGarbagePostgresIT extends CollectGarbageInFolderContract {
  @Override
  DatabaseConfig database() {
    return TestDatabases.postgres();
  }
}

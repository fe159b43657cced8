package dev.slipway.artifact.rpc;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

class CollectGarbageH2Test extends CollectGarbageInFolderContract {
  @Override
  DatabaseConfig database() {
    return TestDatabases.h2(folder);
  }
}

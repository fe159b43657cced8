package dev.slipway.artifact.store;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class GroupCommitH2Test extends GroupCommitContract {
  @TempDir Path folder;

  @Override
  DatabaseConfig database() {
    return TestDatabases.h2(folder);
  }
}

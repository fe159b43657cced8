package dev.slipway.tracking.service;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class CompactorH2Test extends CompactorContract {
  @TempDir private Path folder;

  @Override
  DatabaseConfig newDatabase() {
    return TestDatabases.h2(folder);
  }
}

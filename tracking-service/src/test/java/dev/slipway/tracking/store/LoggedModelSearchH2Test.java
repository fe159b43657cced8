package dev.slipway.tracking.store;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class LoggedModelSearchH2Test extends LoggedModelSearchContract {
  @TempDir private Path folder;

  @Override
  DatabaseConfig databaseConfig() {
    return TestDatabases.h2(folder);
  }
}

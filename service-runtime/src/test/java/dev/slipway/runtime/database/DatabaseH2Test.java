package dev.slipway.runtime.database;

import dev.slipway.runtime.testing.TestDatabases;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class DatabaseH2Test extends DatabaseContract {
  @TempDir private Path folder;

  @Override
  DatabaseConfig config() {
    return TestDatabases.h2(folder);
  }
}

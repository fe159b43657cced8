package dev.slipway.runtime.search.sql;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class KeysetQueryH2Test extends KeysetQueryContract {
  @TempDir Path folder;

  @Override
  DatabaseConfig config() {
    return TestDatabases.h2(folder);
  }
}

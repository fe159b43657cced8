package dev.slipway.registry.service;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

final class WebhookDispatcherH2Test extends WebhookDispatcherContract {
  @TempDir private Path folder;

  @Override
  DatabaseConfig database() {
    return TestDatabases.h2(folder);
  }
}

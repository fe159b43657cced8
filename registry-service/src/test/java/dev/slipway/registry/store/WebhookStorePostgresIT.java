package dev.slipway.registry.store;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

final class WebhookStorePostgresIT extends WebhookStoreContract {
  @Override
  DatabaseConfig database() {
    return TestDatabases.postgres();
  }
}

package dev.slipway.registry.service;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

final class WebhookDispatcherPostgresIT extends WebhookDispatcherContract {
  @Override
  DatabaseConfig database() {
    return TestDatabases.postgres();
  }
}

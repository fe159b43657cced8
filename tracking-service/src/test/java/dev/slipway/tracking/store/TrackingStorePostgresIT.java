package dev.slipway.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import org.junit.jupiter.api.Test;

class TrackingStorePostgresIT extends TrackingStoreContract {
  @Override
  DatabaseConfig databaseConfig() {
    return TestDatabases.postgres();
  }

  @Test
  void segments_areKeptUncompressed() {
    try (Database database =
        Database.open(
            databaseConfig(), "tracking", "db/migration/tracking", new MetricRegistry())) {
      String storage =
          database.read(
              handle ->
                  handle
                      .createQuery(
                          """
                          SELECT attstorage FROM pg_attribute
                          WHERE attrelid = 'metric_segment'::regclass AND attname = 'packed'
                          """)
                      .mapTo(String.class)
                      .one());
      assertThat(storage).isEqualTo("e");
    }
  }
}

package dev.slipway.tracking.rpc;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.tracking.run.RunId;
import java.util.UUID;

/** Changes tables behind the back of the servers. */
final class TrackingTables {
  private TrackingTables() {}

  /** Removes a run's row and stamps, as a purge does. */
  static void purgeRun(DatabaseConfig config, String run) {
    UUID id = RunId.parse(run).uuid();
    try (Database database =
        Database.open(config, "tracking", "db/migration/tracking", new MetricRegistry())) {
      database.write(
          handle -> {
            for (String table : new String[] {"run_tag", "run_param", "run_revision", "run"}) {
              handle.execute("DELETE FROM " + table + " WHERE run_id = ?", id);
            }
            return run;
          });
    }
  }
}

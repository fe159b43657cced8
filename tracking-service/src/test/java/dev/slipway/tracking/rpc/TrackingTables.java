package dev.slipway.tracking.rpc;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleConsumer;
import org.jdbi.v3.core.statement.PreparedBatch;

/** Changes tables behind the back of the servers. */
final class TrackingTables {
  private TrackingTables() {}

  /** Creates runs, the ones that come later with a later start. */
  static void insertRuns(DatabaseConfig config, String experiment, int count) {
    List<Object[]> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ids.add(new Object[] {UUID.randomUUID(), Long.parseLong(experiment), i});
    }
    change(
        config,
        handle -> {
          batch(
              handle,
              """
              INSERT INTO run (run_id, experiment_id, run_name, user_id, status, start_time_ms, artifact_uri)
              VALUES (?, ?, 'inserted', '', 1, ?, 'mlflow-artifacts:/x')
              """,
              ids);
          batch(
              handle,
              """
              INSERT INTO run_revision (run_id, experiment_id, revision, created_revision, listed_revision, info_revision,
                                        inputs_revision, outputs_revision, compacted_revision)
              VALUES (?, ?, 1, 1, 1, 1, 1, 1, CASE WHEN ? > 0 THEN 1 ELSE 1 END)
              """,
              ids);
        });
  }

  private static void batch(Handle handle, String sql, List<Object[]> rows) {
    PreparedBatch batch = handle.prepareBatch(sql);
    rows.forEach(batch::add);
    batch.execute();
  }

  private static void change(DatabaseConfig config, HandleConsumer<RuntimeException> change) {
    try (Database database =
        Database.open(config, "tracking", "db/migration/tracking", new MetricRegistry())) {
      database.write(
          handle -> {
            change.useHandle(handle);
            return config;
          });
    }
  }
}

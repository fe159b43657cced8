package db.migration.registry;

import dev.slipway.registry.store.VersionSourceBackfill;
import org.flywaydb.core.api.migration.BaseJavaMigration;
import org.flywaydb.core.api.migration.Context;

/**
 * Notes what the versions that are there already were made from: SQL cannot read their packages.
 * The name is how Flyway finds and orders it.
 */
public final class V5__fill_version_source extends BaseJavaMigration {
  @Override
  public void migrate(Context context) {
    VersionSourceBackfill.run(context.getConnection());
  }
}

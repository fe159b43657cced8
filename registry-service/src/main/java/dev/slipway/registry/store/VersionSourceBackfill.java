package dev.slipway.registry.store;

import dev.slipway.registry.lineage.VersionSource;
import dev.slipway.registry.version.PackageSource;
import java.sql.Connection;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.mapper.reflect.ConstructorMapper;
import org.jdbi.v3.sqlobject.SqlObjectPlugin;

/** Notes what the versions that are there were made from, once. Stateless. */
public final class VersionSourceBackfill {
  private static final int PAGE = 500;

  private VersionSourceBackfill() {}

  /** Is what a version says of where it came from. */
  public record OriginRow(long modelId, long version, String source, String flavors) {}

  /** Fills the table on a connection whose transaction the caller commits. */
  public static void run(Connection connection) {
    Jdbi jdbi = Jdbi.create(connection).installPlugin(new SqlObjectPlugin());
    jdbi.registerRowMapper(ConstructorMapper.factory(OriginRow.class));
    try (Handle handle = jdbi.open()) {
      RegisteredModelDao models = handle.attach(RegisteredModelDao.class);
      VersionSourceDao dao = handle.attach(VersionSourceDao.class);
      OriginRow last = new OriginRow(0, 0, "", "");
      List<OriginRow> page;
      do {
        page =
            handle
                .createQuery(
                    """
                    SELECT model_id, version, source, flavors FROM model_version
                    WHERE (model_id, version) > (:modelId, :version)
                    ORDER BY model_id, version FETCH FIRST :page ROWS ONLY
                    """)
                .bind("modelId", last.modelId())
                .bind("version", last.version())
                .bind("page", PAGE)
                .mapTo(OriginRow.class)
                .list();
        for (OriginRow row : page) {
          LineageStore.note(models, dao, row.modelId(), row.version(), sources(row));
          last = row;
        }
      } while (page.size() == PAGE);
    }
  }

  private static List<VersionSource> sources(OriginRow row) {
    return VersionSource.of(
        PackageSource.parse(row.source()), PackageColumns.flavors(row.flavors()));
  }
}

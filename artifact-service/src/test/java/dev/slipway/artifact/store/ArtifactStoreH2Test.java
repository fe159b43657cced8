package dev.slipway.artifact.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Arrays;
import org.jdbi.v3.core.statement.SqlStatements;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArtifactStoreH2Test extends ArtifactStoreContract {
  @TempDir Path folder;

  @Override
  DatabaseConfig database() {
    return TestDatabases.h2(folder);
  }

  @ParameterizedTest
  @ValueSource(strings = {"listLevel", "findChild", "listFiles"})
  void page_ofALargeDirectory_isReadInOrderOfAnIndex(String query) {
    Method method =
        Arrays.stream(EntryDao.class.getMethods())
            .filter(candidate -> candidate.getName().equals(query))
            .findFirst()
            .orElseThrow();
    String sql = method.getAnnotation(SqlQuery.class).value();
    try (Database database =
        Database.open(database(), "artifact", "db/migration/artifact", new MetricRegistry())) {
      String plan =
          database.read(
              handle ->
                  handle
                      .createQuery("EXPLAIN " + sql)
                      .configure(SqlStatements.class, it -> it.setUnusedBindingAllowed(true))
                      .bind("parent", new byte[] {'d'})
                      .bind("after", new byte[] {'d', '/'})
                      .bind("end", new byte[] {'d', '0'})
                      .bind("limit", 10)
                      .mapTo(String.class)
                      .one());

      assertThat(plan).contains("index sorted");
    }
  }
}

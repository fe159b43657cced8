package dev.slipway.tracking.store;

import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/** Teaches JDBI the SQL names of the arrays that statements bind. */
final class SqlArrays {
  private SqlArrays() {}

  static void register(Jdbi jdbi) {
    jdbi.registerArrayType(UUID.class, "uuid");
    jdbi.registerArrayType(String.class, "varchar");
    jdbi.registerArrayType(Integer.class, "integer");
    jdbi.registerArrayType(Long.class, "bigint");
    jdbi.registerArrayType(Double.class, "float8");
  }
}

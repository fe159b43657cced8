package dev.slipway.tracking.store;

import java.util.Optional;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Is the SQL that remembers what a request id created; only for the stores of this package. */
public interface RequestDao {
  @SqlQuery(
      """
      SELECT resource_id FROM created_by_request
      WHERE request_id = :requestId AND resource_kind = :kind
      """)
  Optional<String> find(String requestId, String kind);

  @SqlUpdate(
      """
      INSERT INTO created_by_request (request_id, resource_kind, resource_id, create_time_ms)
      VALUES (:requestId, :kind, :resourceId, :now)
      """)
  void insert(String requestId, String kind, String resourceId, long now);
}

package dev.slipway.registry.store;

import java.time.Instant;
import java.util.Optional;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and writes {@code create_request}. */
@RegisterConstructorMapper(CreateRequestDao.RequestRow.class)
public interface CreateRequestDao {
  /** Is a row; version 0 is none. */
  record RequestRow(
      String method,
      String requestId,
      String fingerprint,
      long modelId,
      long version,
      Instant createdAt) {}

  /** Inserts a row. */
  @SqlUpdate(
      """
      INSERT INTO create_request (method, request_id, fingerprint, model_id, version, created_at)
      VALUES (:method, :requestId, :fingerprint, :modelId, :version, :createdAt)
      """)
  void insert(@BindMethods RequestRow row);

  /** Finds a row. */
  @SqlQuery(
      """
      SELECT method, request_id, fingerprint, model_id, version, created_at FROM create_request
      WHERE method = :method AND request_id = :requestId
      """)
  Optional<RequestRow> find(@Bind("method") String method, @Bind("requestId") String requestId);

  /** Deletes rows from before a time. */
  @SqlUpdate("DELETE FROM create_request WHERE created_at < :before")
  int deleteBefore(@Bind("before") Instant before);
}

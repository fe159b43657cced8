package dev.slipway.registry.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and writes {@code registered_model}. */
@RegisterConstructorMapper(RegisteredModelRow.class)
public interface RegisteredModelDao {
  /** Inserts a row. */
  @SqlUpdate(
      """
      INSERT INTO registered_model (model_id, name, description, deployment_job_id, last_version,
        created_at, created_by, updated_at, updated_by, revision)
      VALUES (:modelId, :name, :description, :deploymentJobId, :lastVersion,
        :createdAt, :createdBy, :updatedAt, :updatedBy, :revision)
      """)
  void insert(@BindMethods RegisteredModelRow row);

  /** Finds a row by name. */
  @SqlQuery(
      """
      SELECT model_id, name, description, deployment_job_id, last_version,
        created_at, created_by, updated_at, updated_by, revision
      FROM registered_model WHERE name = :name
      """)
  Optional<RegisteredModelRow> findByName(@Bind("name") String name);

  /** Finds a row by identity. */
  @SqlQuery(
      """
      SELECT model_id, name, description, deployment_job_id, last_version,
        created_at, created_by, updated_at, updated_by, revision
      FROM registered_model WHERE model_id = :modelId
      """)
  Optional<RegisteredModelRow> findById(@Bind("modelId") long modelId);

  /** Lists rows after a name, by name. */
  @SqlQuery(
      """
      SELECT model_id, name, description, deployment_job_id, last_version,
        created_at, created_by, updated_at, updated_by, revision
      FROM registered_model WHERE name > :afterName ORDER BY name FETCH FIRST :limit ROWS ONLY
      """)
  List<RegisteredModelRow> listAfter(@Bind("afterName") String afterName, @Bind("limit") int limit);

  /** Changes all that can change. */
  @SqlUpdate(
      """
      UPDATE registered_model SET name = :name, description = :description, deployment_job_id = :deploymentJobId,
        last_version = :lastVersion
      WHERE model_id = :modelId
      """)
  void update(@BindMethods RegisteredModelRow row);

  /** Stamps a change. */
  @SqlUpdate(
      """
      UPDATE registered_model SET updated_at = :updatedAt, updated_by = :updatedBy, revision = :revision
      WHERE model_id = :modelId
      """)
  void touch(
      @Bind("modelId") long modelId,
      @Bind("updatedAt") Instant updatedAt,
      @Bind("updatedBy") String updatedBy,
      @Bind("revision") long revision);

  /** Deletes a row and all that belongs to it. */
  @SqlUpdate("DELETE FROM registered_model WHERE model_id = :modelId")
  void delete(@Bind("modelId") long modelId);
}

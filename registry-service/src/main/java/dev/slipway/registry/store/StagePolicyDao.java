package dev.slipway.registry.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and writes {@code stage_policy}. Scope is a model's id, or 0 for all models. */
@RegisterConstructorMapper(StagePolicyDao.PolicyRow.class)
public interface StagePolicyDao {
  /** Is a row, with the name of its model; the name is empty for all models. */
  record PolicyRow(
      long scope,
      String stage,
      Long modelId,
      String name,
      String rules,
      Instant updatedAt,
      String updatedBy,
      long revision) {}

  /** Inserts a row. */
  @SqlUpdate(
      """
      INSERT INTO stage_policy (scope, stage, model_id, rules, updated_at, updated_by, revision)
      VALUES (:scope, :stage, :modelId, :rules, :updatedAt, :updatedBy, :revision)
      """)
  void insert(@BindMethods PolicyRow row);

  /** Finds the policy that was set for exactly this scope. */
  @SqlQuery(
      """
      SELECT p.scope, p.stage, p.model_id, COALESCE(m.name, '') AS name, p.rules, p.updated_at, p.updated_by, p.revision
      FROM stage_policy p LEFT JOIN registered_model m ON m.model_id = p.model_id
      WHERE p.scope = :scope AND p.stage = :stage
      """)
  Optional<PolicyRow> find(@Bind("scope") long scope, @Bind("stage") String stage);

  /**
   * Lists policies after one: those for all models first, then by name of the model, then by stage.
   *
   * @param only name of a model to which the list is narrowed, beside those for all; empty: none
   */
  @SqlQuery(
      """
      SELECT scope, stage, model_id, name, rules, updated_at, updated_by, revision FROM (
        SELECT p.scope, p.stage, p.model_id, COALESCE(m.name, '') AS name, p.rules, p.updated_at, p.updated_by,
          p.revision,
          CASE p.stage WHEN 'NONE' THEN 0 WHEN 'STAGING' THEN 1 WHEN 'PRODUCTION' THEN 2 ELSE 3 END AS place
        FROM stage_policy p LEFT JOIN registered_model m ON m.model_id = p.model_id) listed
      WHERE (name, place) > (:afterName, :afterPlace) AND (:only = '' OR name = '' OR name = :only)
      ORDER BY name, place FETCH FIRST :limit ROWS ONLY
      """)
  List<PolicyRow> listAfter(
      @Bind("afterName") String afterName,
      @Bind("afterPlace") int afterPlace,
      @Bind("only") String only,
      @Bind("limit") int limit);

  /** Deletes the policy that was set for exactly this scope. */
  @SqlUpdate("DELETE FROM stage_policy WHERE scope = :scope AND stage = :stage")
  void delete(@Bind("scope") long scope, @Bind("stage") String stage);
}

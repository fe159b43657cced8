package dev.slipway.registry.store;

import java.util.List;
import java.util.Optional;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and writes which version holds which exclusive stage, and who held it before. */
@RegisterConstructorMapper(StageDao.StageRow.class)
public interface StageDao {
  /** Is the newest version of a model in a stage, by the stage's stored name. */
  record StageRow(long modelId, String stage, long version) {}

  /** Finds the version that holds a stage. */
  @SqlQuery("SELECT version FROM stage_assignment WHERE model_id = :modelId AND stage = :stage")
  Optional<Long> findHolder(@Bind("modelId") long modelId, @Bind("stage") String stage);

  /** Gives a stage to a version. */
  @SqlUpdate(
      "INSERT INTO stage_assignment (model_id, stage, version) VALUES (:modelId, :stage, :version)")
  void assign(
      @Bind("modelId") long modelId, @Bind("stage") String stage, @Bind("version") long version);

  /** Takes its stage from a version, if it holds one. */
  @SqlUpdate("DELETE FROM stage_assignment WHERE model_id = :modelId AND version = :version")
  void unassign(@Bind("modelId") long modelId, @Bind("version") long version);

  /** Remembers that a version came to hold a stage. */
  @SqlUpdate(
      """
      INSERT INTO stage_holding (model_id, stage, since_revision, version)
      VALUES (:modelId, :stage, :revision, :version)
      """)
  void remember(
      @Bind("modelId") long modelId,
      @Bind("stage") String stage,
      @Bind("revision") long revision,
      @Bind("version") long version);

  /** Finds the version, other than one, that came last to hold a stage. */
  @SqlQuery(
      """
      SELECT version FROM stage_holding
      WHERE model_id = :modelId AND stage = :stage AND version <> :other
      ORDER BY since_revision DESC FETCH FIRST 1 ROWS ONLY
      """)
  Optional<Long> findHolderBefore(
      @Bind("modelId") long modelId, @Bind("stage") String stage, @Bind("other") long other);

  /** Lists, for some models, the newest version in each stage that has one. */
  @SqlQuery(
      """
      SELECT model_id, stage, MAX(version) AS version FROM stage_assignment
      WHERE model_id = ANY(:modelIds)
      GROUP BY model_id, stage
      UNION ALL
      SELECT v.model_id, CASE WHEN v.archived THEN 'ARCHIVED' ELSE 'NONE' END AS stage, MAX(v.version) AS version
      FROM model_version v
      WHERE v.model_id = ANY(:modelIds) AND NOT EXISTS (
        SELECT 1 FROM stage_assignment s WHERE s.model_id = v.model_id AND s.version = v.version)
      GROUP BY v.model_id, v.archived
      ORDER BY model_id, stage
      """)
  List<StageRow> listLatest(@Bind("modelIds") Long[] modelIds);
}

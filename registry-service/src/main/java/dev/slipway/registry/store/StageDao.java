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

  /** Lists the versions in a stage, lowest number first. */
  @SqlQuery(
      """
      SELECT version FROM stage_assignment WHERE model_id = :modelId AND stage = :stage ORDER BY version
      """)
  List<Long> listHolders(@Bind("modelId") long modelId, @Bind("stage") String stage);

  /** Finds the version that came last of those that are in a stage. */
  @SqlQuery(
      """
      SELECT h.version FROM stage_holding h
        JOIN stage_assignment s ON s.model_id = h.model_id AND s.stage = h.stage AND s.version = h.version
      WHERE h.model_id = :modelId AND h.stage = :stage
      ORDER BY h.since_revision DESC FETCH FIRST 1 ROWS ONLY
      """)
  Optional<Long> findLastComer(@Bind("modelId") long modelId, @Bind("stage") String stage);

  /** Finds the version that came to a stage last, of those that exist; it may have left. */
  @SqlQuery(
      """
      SELECT version FROM stage_holding
      WHERE model_id = :modelId AND stage = :stage
      ORDER BY since_revision DESC FETCH FIRST 1 ROWS ONLY
      """)
  Optional<Long> findLastEntrant(@Bind("modelId") long modelId, @Bind("stage") String stage);

  /** Lists the versions that left a stage while nobody has come to it since, highest first. */
  @SqlQuery(
      """
      SELECT DISTINCT version FROM stage_holding
      WHERE model_id = :modelId AND stage = :stage AND departed = TRUE
      ORDER BY version DESC
      """)
  List<Long> listDeparted(@Bind("modelId") long modelId, @Bind("stage") String stage);

  /** Notes that a version leaves a stage with nobody coming in its place. */
  @SqlUpdate(
      """
      UPDATE stage_holding SET departed = TRUE
      WHERE model_id = :modelId AND stage = :stage AND version = :version
      """)
  void depart(
      @Bind("modelId") long modelId, @Bind("stage") String stage, @Bind("version") long version);

  /** Forgets who left a stage before somebody came to it. */
  @SqlUpdate(
      """
      UPDATE stage_holding SET departed = FALSE
      WHERE model_id = :modelId AND stage = :stage AND departed = TRUE
      """)
  void forgetDeparted(@Bind("modelId") long modelId, @Bind("stage") String stage);

  /** Finds a model that has several versions in a stage and no policy of its own for it. */
  @SqlQuery(
      """
      SELECT s.model_id FROM stage_assignment s
      WHERE s.stage = :stage AND NOT EXISTS (
        SELECT 1 FROM stage_policy p WHERE p.scope = s.model_id AND p.stage = s.stage)
      GROUP BY s.model_id HAVING COUNT(*) > 1
      ORDER BY s.model_id FETCH FIRST 1 ROWS ONLY
      """)
  Optional<Long> findCrowdedWithoutPolicy(@Bind("stage") String stage);

  /** Lists the places of a stage that are taken, lowest first. */
  @SqlQuery(
      "SELECT slot FROM stage_assignment WHERE model_id = :modelId AND stage = :stage ORDER BY"
          + " slot")
  List<Integer> listSlots(@Bind("modelId") long modelId, @Bind("stage") String stage);

  /** Gives a place of a stage to a version. */
  @SqlUpdate(
      """
      INSERT INTO stage_assignment (model_id, stage, slot, version)
      VALUES (:modelId, :stage, :slot, :version)
      """)
  void assign(
      @Bind("modelId") long modelId,
      @Bind("stage") String stage,
      @Bind("slot") int slot,
      @Bind("version") long version);

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

  /** Finds the version that came last to hold a stage, of those neither there nor in Production. */
  @SqlQuery(
      """
      SELECT h.version FROM stage_holding h
      WHERE h.model_id = :modelId AND h.stage = :stage AND NOT EXISTS (
        SELECT 1 FROM stage_assignment s
        WHERE s.model_id = h.model_id AND s.version = h.version AND s.stage IN (h.stage, 'PRODUCTION'))
      ORDER BY h.since_revision DESC FETCH FIRST 1 ROWS ONLY
      """)
  Optional<Long> findHolderBefore(@Bind("modelId") long modelId, @Bind("stage") String stage);

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

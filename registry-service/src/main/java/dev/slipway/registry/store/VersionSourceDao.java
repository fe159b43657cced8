package dev.slipway.registry.store;

import java.util.List;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and writes {@code version_source}, and what else is known of where versions came from. */
public interface VersionSourceDao {
  /** Is a row to write. */
  record SourceRow(
      long modelId,
      long version,
      String relation,
      String role,
      long sourceModelId,
      long sourceVersion) {}

  /** Is a version that went into another one. */
  record LinkRow(
      String fromName,
      long fromVersion,
      String toName,
      long toVersion,
      String relation,
      String role) {}

  /** Is a run that produced a version. */
  record RunRow(String runId, String name, long version) {}

  /** Is a version by its name. */
  record VersionRow(String name, long version) {}

  /** Inserts a row, if the source is there; returns how many: 1 or 0. */
  @SqlUpdate(
      """
      INSERT INTO version_source (model_id, version, relation, role, source_model_id, source_version)
      SELECT CAST(:modelId AS BIGINT), CAST(:version AS BIGINT), CAST(:relation AS VARCHAR(16)),
        CAST(:role AS VARCHAR(64)), v.model_id, v.version
      FROM model_version v WHERE v.model_id = :sourceModelId AND v.version = :sourceVersion
      """)
  int insert(@BindMethods SourceRow row);

  /** Lists pipelines that run versions of a model, newest of each name first. */
  @SqlQuery(
      """
      SELECT DISTINCT t.name, s.version
      FROM version_source s JOIN registered_model t ON t.model_id = s.model_id
      WHERE s.source_model_id = :modelId AND s.relation = 'PIPELINE_STEP'
      ORDER BY t.name, s.version DESC
      FETCH FIRST :limit ROWS ONLY
      """)
  @RegisterConstructorMapper(VersionRow.class)
  List<VersionRow> listPipelinesOf(@Bind("modelId") long modelId, @Bind("limit") int limit);

  /** Lists what went into some versions; of each pair of name and number. */
  @SqlQuery(
      """
      SELECT f.name AS from_name, s.source_version AS from_version, t.name AS to_name, s.version AS to_version,
        s.relation, s.role
      FROM unnest(:names, :versions) AS x (name, version)
        JOIN registered_model t ON t.name = x.name
        JOIN version_source s ON s.model_id = t.model_id AND s.version = x.version
        JOIN registered_model f ON f.model_id = s.source_model_id
      ORDER BY t.name, s.version, s.relation, s.role
      FETCH FIRST :limit ROWS ONLY
      """)
  @RegisterConstructorMapper(LinkRow.class)
  List<LinkRow> listSources(
      @Bind("names") String[] names, @Bind("versions") Long[] versions, @Bind("limit") int limit);

  /** Lists what some versions went into, newest first; of each pair of name and number. */
  @SqlQuery(
      """
      SELECT f.name AS from_name, s.source_version AS from_version, t.name AS to_name, s.version AS to_version,
        s.relation, s.role
      FROM unnest(:names, :versions) AS x (name, version)
        JOIN registered_model f ON f.name = x.name
        JOIN version_source s ON s.source_model_id = f.model_id AND s.source_version = x.version
        JOIN registered_model t ON t.model_id = s.model_id
      ORDER BY f.name, s.source_version, t.name, s.version DESC, s.relation, s.role
      FETCH FIRST :limit ROWS ONLY
      """)
  @RegisterConstructorMapper(LinkRow.class)
  List<LinkRow> listUses(
      @Bind("names") String[] names, @Bind("versions") Long[] versions, @Bind("limit") int limit);

  /** Lists the runs that produced some versions; of each pair of name and number. */
  @SqlQuery(
      """
      SELECT v.run_id, m.name, v.version
      FROM unnest(:names, :versions) AS x (name, version)
        JOIN registered_model m ON m.name = x.name
        JOIN model_version v ON v.model_id = m.model_id AND v.version = x.version
      WHERE v.run_id <> ''
      ORDER BY m.name, v.version
      """)
  @RegisterConstructorMapper(RunRow.class)
  List<RunRow> listRuns(@Bind("names") String[] names, @Bind("versions") Long[] versions);

  /** Lists the versions that some runs produced, newest first. */
  @SqlQuery(
      """
      SELECT v.run_id, m.name, v.version
      FROM model_version v JOIN registered_model m ON m.model_id = v.model_id
      WHERE v.run_id = ANY(:runIds)
      ORDER BY v.run_id, m.name, v.version DESC
      FETCH FIRST :limit ROWS ONLY
      """)
  @RegisterConstructorMapper(RunRow.class)
  List<RunRow> listOutputs(@Bind("runIds") String[] runIds, @Bind("limit") int limit);
}

package dev.slipway.tracking.store;

import dev.slipway.tracking.model.LoggedModelInfo;
import dev.slipway.tracking.run.RunInfo;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.sqlobject.config.RegisterRowMapper;
import org.jdbi.v3.sqlobject.customizer.Define;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/**
 * Is the SQL that finds deleted objects and removes them for good; only for {@link PurgeStore}.
 *
 * <p>An experiment that is deleted refuses every other change, so that its update time is the time
 * of its deletion.
 */
public interface PurgeDao {
  /** Counts deleted runs or logged models. */
  @SqlQuery(
      """
      SELECT COUNT(*) FROM <table>
      WHERE delete_time_ms <= :until
        AND (CAST(:all AS BOOLEAN) OR experiment_id = ANY(:experiments))
      """)
  long count(@Define("table") String table, long until, boolean all, Long[] experiments);

  /** Returns the ids of deleted runs or logged models. */
  @SqlQuery(
      """
      SELECT <id> FROM <table>
      WHERE delete_time_ms <= :until
        AND (CAST(:all AS BOOLEAN) OR experiment_id = ANY(:experiments))
      ORDER BY delete_time_ms, <id>
      FETCH FIRST :limit ROWS ONLY
      """)
  List<UUID> deleted(
      @Define("table") String table,
      @Define("id") String id,
      long until,
      boolean all,
      Long[] experiments,
      int limit);

  @SqlQuery(
      """
      SELECT COUNT(*) FROM experiment
      WHERE NOT active AND update_time_ms <= :until AND experiment_id <> 0
        AND (CAST(:all AS BOOLEAN) OR experiment_id = ANY(:experiments))
      """)
  long countExperiments(long until, boolean all, Long[] experiments);

  @SqlQuery(
      """
      SELECT experiment_id FROM experiment
      WHERE NOT active AND update_time_ms <= :until AND experiment_id <> 0
        AND (CAST(:all AS BOOLEAN) OR experiment_id = ANY(:experiments))
      ORDER BY update_time_ms, experiment_id
      FETCH FIRST :limit ROWS ONLY
      """)
  List<Long> experiments(long until, boolean all, Long[] experiments, int limit);

  /** Counts the bytes of deleted runs' points. */
  @SqlQuery(
      """
      SELECT COALESCE(SUM(p.bytes), 0)
      FROM run r
      JOIN (SELECT run_id, octet_length(packed) AS bytes FROM metric_segment
            UNION ALL
            SELECT run_id, octet_length(packed) AS bytes FROM metric_chunk) p ON p.run_id = r.run_id
      WHERE r.delete_time_ms <= :until AND (CAST(:all AS BOOLEAN) OR r.experiment_id = ANY(:experiments))
      """)
  long metricBytes(long until, boolean all, Long[] experiments);

  @SqlQuery(
      """
      SELECT (SELECT COALESCE(SUM(octet_length(packed)), 0) FROM metric_segment WHERE run_id = :run)
        + (SELECT COALESCE(SUM(octet_length(packed)), 0) FROM metric_chunk WHERE run_id = :run)
      """)
  long metricBytesOf(UUID run);

  @SqlQuery("SELECT log_id FROM metric_log ORDER BY log_id FOR UPDATE")
  List<Long> lockLogs();

  @SqlQuery(
      "SELECT "
          + RunInfoMapper.COLUMNS
          + " FROM run WHERE run_id = :run AND delete_time_ms <= :until FOR UPDATE")
  @RegisterRowMapper(RunInfoMapper.class)
  Optional<RunInfo> lockRun(UUID run, long until);

  @SqlQuery(
      """
      SELECT artifact_location FROM experiment
      WHERE experiment_id = :experiment AND NOT active AND update_time_ms <= :until
      FOR UPDATE
      """)
  Optional<String> lockExperiment(long experiment, long until);

  @SqlQuery(
      "SELECT "
          + LoggedModelDao.COLUMNS
          + " FROM logged_model WHERE model_id = :model AND delete_time_ms <= :until FOR UPDATE")
  @RegisterRowMapper(LoggedModelDao.InfoMapper.class)
  Optional<LoggedModelInfo> lockModel(UUID model, long until);

  /** Locks the runs that read or produced a logged model. */
  @SqlQuery(
      "SELECT "
          + RunInfoMapper.COLUMNS
          + """
           FROM run
          WHERE run_id IN (
            SELECT run_id FROM run_model_input WHERE model_id = :model
            UNION
            SELECT run_id FROM run_model_output WHERE model_id = :model)
          ORDER BY run_id
          FOR UPDATE
          """)
  @RegisterRowMapper(RunInfoMapper.class)
  List<RunInfo> lockRunsOf(UUID model);

  @SqlQuery(
      """
      SELECT EXISTS (SELECT 1 FROM run WHERE experiment_id = :experiment)
        OR EXISTS (SELECT 1 FROM logged_model WHERE experiment_id = :experiment)
      """)
  boolean hasContent(long experiment);

  /**
   * Returns whether another experiment keeps artifacts at a location, below it or above it.
   *
   * @param location without a slash at the end
   */
  @SqlQuery(
      """
      SELECT EXISTS (
        SELECT 1 FROM experiment
        WHERE experiment_id <> :experiment
          AND (substring(artifact_location || '/' FROM 1 FOR char_length(:location) + 1) = :location || '/'
            OR substring(:location || '/' FROM 1 FOR char_length(rtrim(artifact_location, '/')) + 1)
              = rtrim(artifact_location, '/') || '/'))
      """)
  boolean isShared(long experiment, String location);

  @SqlUpdate("DELETE FROM <table> WHERE run_id = :run")
  void deleteOfRun(@Define("table") String table, UUID run);

  @SqlUpdate("DELETE FROM <table> WHERE model_id = :model")
  void deleteOfModel(@Define("table") String table, UUID model);

  @SqlUpdate("DELETE FROM <table> WHERE experiment_id = :experiment")
  void deleteOfExperiment(@Define("table") String table, long experiment);

  /** Removes the datasets of experiments that are gone; looks at all datasets. */
  @SqlUpdate(
      """
      DELETE FROM dataset
      WHERE NOT EXISTS (SELECT 1 FROM experiment e WHERE e.experiment_id = dataset.experiment_id)
      """)
  void deleteOrphanedDatasets();

  @SqlUpdate(
      "DELETE FROM created_by_request WHERE resource_kind = :kind AND resource_id = :resource")
  void deleteRequests(String kind, String resource);
}

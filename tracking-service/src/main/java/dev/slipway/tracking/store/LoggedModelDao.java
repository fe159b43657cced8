package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.model.LoggedModelId;
import dev.slipway.tracking.model.LoggedModelInfo;
import dev.slipway.tracking.model.LoggedModelStatus;
import dev.slipway.tracking.model.ModelMetric;
import dev.slipway.tracking.run.RunId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.sqlobject.config.RegisterRowMapper;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.customizer.FetchSize;
import org.jdbi.v3.sqlobject.statement.SqlBatch;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/**
 * Is the SQL of logged models and what hangs on them; only for the stores of this package.
 *
 * <p>Whoever locks runs and logged models locks the runs first, and each in order of id.
 */
@RegisterRowMapper(LoggedModelDao.InfoMapper.class)
public interface LoggedModelDao {
  String COLUMNS =
      "model_id, experiment_id, name, model_type, source_run_id, status, status_message,"
          + " artifact_uri, create_time_ms, update_time_ms, delete_time_ms";

  @SqlUpdate(
      """
      INSERT INTO logged_model (model_id, experiment_id, name, model_type, source_run_id, status, status_message,
        artifact_uri, create_time_ms, update_time_ms)
      VALUES (:id, :experiment, :name, :type, CAST(:sourceRun AS UUID), :status, '', :artifactUri, :now, :now)
      """)
  void insert(
      UUID id,
      long experiment,
      String name,
      String type,
      UUID sourceRun,
      int status,
      String artifactUri,
      long now);

  @SqlQuery("SELECT " + COLUMNS + " FROM logged_model WHERE model_id = :id")
  Optional<LoggedModelInfo> find(UUID id);

  @SqlQuery("SELECT " + COLUMNS + " FROM logged_model WHERE model_id = :id FOR UPDATE")
  Optional<LoggedModelInfo> lock(UUID id);

  @SqlQuery(
      "SELECT "
          + COLUMNS
          + " FROM logged_model WHERE model_id = ANY(:ids) ORDER BY model_id FOR UPDATE")
  List<LoggedModelInfo> lockAll(UUID[] ids);

  @SqlUpdate(
      """
      UPDATE logged_model
      SET name = :name, model_type = :type, status = :status, status_message = :message, update_time_ms = :now
      WHERE model_id = :id
      """)
  void update(UUID id, String name, String type, int status, String message, long now);

  @SqlUpdate(
      "UPDATE logged_model SET delete_time_ms = :time, update_time_ms = :now WHERE model_id = :id")
  void setDeleteTime(UUID id, Long time, long now);

  @SqlUpdate("UPDATE logged_model SET update_time_ms = :now WHERE model_id = :id")
  void touch(UUID id, long now);

  /** Locks the active models of an experiment, or the deleted ones, as they are read. */
  @SqlQuery(
      """
      SELECT model_id FROM logged_model
      WHERE experiment_id = :experiment AND (delete_time_ms IS NULL) = :active
      ORDER BY model_id
      FOR UPDATE
      """)
  @FetchSize(1_000)
  Stream<UUID> lockOfExperiment(long experiment, boolean active);

  @SqlUpdate(
      """
      UPDATE logged_model SET delete_time_ms = :now, update_time_ms = :now
      WHERE experiment_id = :experiment AND delete_time_ms IS NULL
      """)
  void deleteOfExperiment(long experiment, long now);

  @SqlUpdate(
      """
      UPDATE logged_model SET delete_time_ms = NULL, update_time_ms = :now
      WHERE experiment_id = :experiment AND delete_time_ms IS NOT NULL
      """)
  void restoreOfExperiment(long experiment, long now);

  @SqlBatch(
      """
      MERGE INTO logged_model_tag t
      USING (VALUES (CAST(:model AS UUID), CAST(:key AS VARCHAR), CAST(:value AS VARCHAR))) s (model_id, tag_key, tag_value)
      ON t.model_id = s.model_id AND t.tag_key = s.tag_key
      WHEN MATCHED THEN UPDATE SET tag_value = s.tag_value
      WHEN NOT MATCHED THEN INSERT (model_id, tag_key, tag_value) VALUES (s.model_id, s.tag_key, s.tag_value)
      """)
  void setTags(UUID model, @BindMethods Iterable<Tag> tags);

  @SqlUpdate("DELETE FROM logged_model_tag WHERE model_id = :model AND tag_key = :key")
  int deleteTag(UUID model, String key);

  @SqlQuery(
      """
      SELECT e.model_id, e.tag_key, e.tag_value
      FROM unnest(:models) AS x (model_id) JOIN logged_model_tag e ON e.model_id = x.model_id
      ORDER BY e.model_id
      """)
  @RegisterRowMapper(OwnedEntryMapper.OfTags.class)
  List<OwnedEntry<Tag>> tags(UUID[] models);

  @SqlQuery(
      """
      SELECT e.model_id, e.tag_key, e.tag_value
      FROM unnest(:models) AS x (model_id) JOIN logged_model_tag e ON e.model_id = x.model_id
      WHERE e.tag_key = ANY(:keys)
      ORDER BY e.model_id
      """)
  @RegisterRowMapper(OwnedEntryMapper.OfTags.class)
  List<OwnedEntry<Tag>> tagsOf(UUID[] models, String[] keys);

  @SqlBatch(
      """
      INSERT INTO logged_model_param (model_id, param_key, param_value, param_number)
      VALUES (:model, :key, :value, :number)
      """)
  void insertParams(UUID model, @BindMethods Iterable<Param> params);

  @SqlQuery(
      """
      SELECT e.model_id, e.param_key, e.param_value
      FROM unnest(:models) AS x (model_id) JOIN logged_model_param e ON e.model_id = x.model_id
      ORDER BY e.model_id
      """)
  @RegisterRowMapper(OwnedEntryMapper.OfParams.class)
  List<OwnedEntry<Param>> params(UUID[] models);

  @SqlQuery(
      """
      SELECT e.model_id, e.param_key, e.param_value
      FROM unnest(:models) AS x (model_id) JOIN logged_model_param e ON e.model_id = x.model_id
      WHERE e.param_key = ANY(:keys)
      ORDER BY e.model_id
      """)
  @RegisterRowMapper(OwnedEntryMapper.OfParams.class)
  List<OwnedEntry<Param>> paramsOf(UUID[] models, String[] keys);

  /** Keeps the later of each given point and the stored one. The models' rows must be locked. */
  @SqlUpdate(
      """
      MERGE INTO logged_model_metric t
      USING (SELECT * FROM unnest(:models, :names, :datasets, :digests, :runs, :steps, :timestamps, :values)
             AS x (model_id, name_id, dataset_name, dataset_digest, run_id, step, timestamp_ms, metric_value)) s
      ON t.model_id = s.model_id AND t.name_id = s.name_id AND t.dataset_name = s.dataset_name
        AND t.dataset_digest = s.dataset_digest AND t.run_id = s.run_id
      WHEN MATCHED AND (s.step, s.timestamp_ms, s.metric_value) > (t.step, t.timestamp_ms, t.metric_value)
        THEN UPDATE SET step = s.step, timestamp_ms = s.timestamp_ms, metric_value = s.metric_value
      WHEN NOT MATCHED THEN INSERT
          (model_id, name_id, dataset_name, dataset_digest, run_id, step, timestamp_ms, metric_value)
        VALUES (s.model_id, s.name_id, s.dataset_name, s.dataset_digest, s.run_id, s.step, s.timestamp_ms,
          s.metric_value)
      """)
  void mergeMetrics(
      UUID[] models,
      Integer[] names,
      String[] datasets,
      String[] digests,
      UUID[] runs,
      Long[] steps,
      Long[] timestamps,
      Double[] values);

  @SqlQuery(
      """
      SELECT m.model_id, n.name, m.dataset_name, m.dataset_digest, m.run_id, m.step, m.timestamp_ms, m.metric_value
      FROM unnest(:models) AS x (model_id)
      JOIN logged_model_metric m ON m.model_id = x.model_id
      JOIN metric_name n ON n.name_id = m.name_id
      ORDER BY m.model_id
      """)
  @RegisterRowMapper(MetricMapper.class)
  List<OwnedEntry<ModelMetric>> metrics(UUID[] models);

  @SqlQuery(
      """
      SELECT m.model_id, n.name, m.dataset_name, m.dataset_digest, m.run_id, m.step, m.timestamp_ms, m.metric_value
      FROM unnest(:models) AS x (model_id)
      JOIN logged_model_metric m ON m.model_id = x.model_id
      JOIN metric_name n ON n.name_id = m.name_id
      WHERE n.name = ANY(:keys)
      ORDER BY m.model_id
      """)
  @RegisterRowMapper(MetricMapper.class)
  List<OwnedEntry<ModelMetric>> metricsOf(UUID[] models, String[] keys);

  /** Reads a model's own columns. */
  final class InfoMapper implements RowMapper<LoggedModelInfo> {
    @Override
    public LoggedModelInfo map(ResultSet rs, StatementContext context) throws SQLException {
      long deleteMillis = rs.getLong("delete_time_ms");
      boolean active = rs.wasNull();
      return new LoggedModelInfo(
          new LoggedModelId(rs.getObject("model_id", UUID.class)),
          new ExperimentId(rs.getLong("experiment_id")),
          rs.getString("name"),
          rs.getString("model_type"),
          Optional.ofNullable(rs.getObject("source_run_id", UUID.class)).map(RunId::new),
          LoggedModelStatus.of(rs.getInt("status")),
          rs.getString("status_message"),
          rs.getString("artifact_uri"),
          Instant.ofEpochMilli(rs.getLong("create_time_ms")),
          Instant.ofEpochMilli(rs.getLong("update_time_ms")),
          active ? Optional.empty() : Optional.of(Instant.ofEpochMilli(deleteMillis)));
    }
  }

  /** Reads a metric. */
  final class MetricMapper implements RowMapper<OwnedEntry<ModelMetric>> {
    @Override
    public OwnedEntry<ModelMetric> map(ResultSet rs, StatementContext context) throws SQLException {
      return new OwnedEntry<>(
          OwnedEntryMapper.owner(rs),
          new ModelMetric(
              rs.getString("name"),
              rs.getString("dataset_name"),
              rs.getString("dataset_digest"),
              new RunId(rs.getObject("run_id", UUID.class)),
              OwnedEntryMapper.point(rs)));
    }
  }
}

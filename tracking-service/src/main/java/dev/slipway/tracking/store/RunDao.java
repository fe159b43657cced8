package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.run.RunInfo;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.sqlobject.config.RegisterRowMapper;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlBatch;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Is the SQL of runs, their params and their tags; only for the stores of this package. */
@RegisterRowMapper(RunInfoMapper.class)
public interface RunDao {
  /** Is a tag to be set. */
  record TagRow(String key, String value, long hash) {
    TagRow(ExperimentId experiment, Tag tag) {
      this(tag.key(), tag.value(), EntryHash.of(experiment, tag.key(), tag.value()));
    }
  }

  @SqlUpdate(
      """
      INSERT INTO run (run_id, experiment_id, run_name, user_id, status, start_time_ms, artifact_uri)
      VALUES (:id, :experiment, :name, :user, :status, :start, :artifactUri)
      """)
  void insert(
      UUID id,
      long experiment,
      String name,
      String user,
      int status,
      long start,
      String artifactUri);

  @SqlQuery("SELECT " + RunInfoMapper.COLUMNS + " FROM run WHERE run_id = :id")
  Optional<RunInfo> find(UUID id);

  @SqlQuery("SELECT " + RunInfoMapper.COLUMNS + " FROM run WHERE run_id = :id FOR UPDATE")
  Optional<RunInfo> lock(UUID id);

  /**
   * Joined, like all below that read of many runs: H2 compares each row of {@code = ANY} with all
   * ids.
   */
  @SqlQuery(
      "SELECT "
          + RunInfoMapper.COLUMNS
          + " FROM unnest(:ids) AS x (id) JOIN run ON run.run_id = x.id")
  List<RunInfo> findAll(UUID[] ids);

  @SqlQuery(
      "SELECT "
          + RunInfoMapper.COLUMNS
          + " FROM run WHERE run_id = ANY(:ids) ORDER BY run_id FOR UPDATE")
  List<RunInfo> lockAll(UUID[] ids);

  @SqlUpdate(
      """
      UPDATE run
      SET run_name = :name, user_id = :user, status = :status, start_time_ms = :start, end_time_ms = :end
      WHERE run_id = :id
      """)
  void update(UUID id, String name, String user, int status, long start, Long end);

  @SqlUpdate("UPDATE run SET run_name = :name WHERE run_id = :id")
  void rename(UUID id, String name);

  @SqlUpdate("UPDATE run SET delete_time_ms = :time WHERE run_id = :id")
  void setDeleteTime(UUID id, Long time);

  @SqlBatch(
      """
      MERGE INTO run_tag t
      USING (VALUES (CAST(:run AS UUID), CAST(:key AS VARCHAR), CAST(:value AS VARCHAR), CAST(:revision AS BIGINT),
                     CAST(:hash AS BIGINT), CAST(:start AS BIGINT)))
        s (run_id, tag_key, tag_value, revision, entry_hash, start_time_ms)
      ON t.run_id = s.run_id AND t.tag_key = s.tag_key
      WHEN MATCHED THEN UPDATE SET tag_value = s.tag_value, revision = s.revision, entry_hash = s.entry_hash
      WHEN NOT MATCHED THEN INSERT (run_id, tag_key, tag_value, revision, entry_hash, start_time_ms)
        VALUES (s.run_id, s.tag_key, s.tag_value, s.revision, s.entry_hash, s.start_time_ms)
      """)
  void setTags(UUID run, long revision, long start, @BindMethods Iterable<TagRow> tags);

  @SqlUpdate("DELETE FROM run_tag WHERE run_id = :run AND tag_key = :key")
  int deleteTag(UUID run, String key);

  @SqlUpdate(
      """
      MERGE INTO run_tag_removed t
      USING (VALUES (CAST(:run AS UUID), CAST(:key AS VARCHAR), CAST(:revision AS BIGINT)))
        s (run_id, tag_key, revision)
      ON t.run_id = s.run_id AND t.tag_key = s.tag_key
      WHEN MATCHED THEN UPDATE SET revision = s.revision
      WHEN NOT MATCHED THEN INSERT (run_id, tag_key, revision) VALUES (s.run_id, s.tag_key, s.revision)
      """)
  void noteRemovedTag(UUID run, String key, long revision);

  @SqlQuery(
      """
      SELECT e.run_id, e.tag_key, e.tag_value
      FROM unnest(:runs) AS x (run_id) JOIN run_tag e ON e.run_id = x.run_id
      """)
  @RegisterRowMapper(OwnedEntryMapper.OfTags.class)
  List<OwnedEntry<Tag>> tags(UUID[] runs);

  @SqlQuery(
      """
      SELECT e.run_id, e.tag_key, e.tag_value
      FROM unnest(:runs) AS x (run_id) JOIN run_tag e ON e.run_id = x.run_id
      WHERE e.tag_key = ANY(:keys)
      """)
  @RegisterRowMapper(OwnedEntryMapper.OfTags.class)
  List<OwnedEntry<Tag>> tagsOf(UUID[] runs, String[] keys);

  @SqlBatch(
      """
      INSERT INTO run_param (run_id, param_key, param_value, param_number, revision)
      VALUES (:run, :key, :value, :number, :revision)
      """)
  void insertParams(UUID run, long revision, @BindMethods Iterable<Param> params);

  @SqlUpdate("UPDATE run_tag SET start_time_ms = :start WHERE run_id = :run")
  void setStartOfTags(UUID run, long start);

  @SqlUpdate("UPDATE latest_metric SET start_time_ms = :start WHERE run_id = :run")
  void setStartOfMetrics(UUID run, long start);

  @SqlQuery(
      """
      SELECT e.run_id, e.param_key, e.param_value
      FROM unnest(:runs) AS x (run_id) JOIN run_param e ON e.run_id = x.run_id
      """)
  @RegisterRowMapper(OwnedEntryMapper.OfParams.class)
  List<OwnedEntry<Param>> params(UUID[] runs);

  @SqlQuery(
      """
      SELECT e.run_id, e.param_key, e.param_value
      FROM unnest(:runs) AS x (run_id) JOIN run_param e ON e.run_id = x.run_id
      WHERE e.param_key = ANY(:keys)
      """)
  @RegisterRowMapper(OwnedEntryMapper.OfParams.class)
  List<OwnedEntry<Param>> paramsOf(UUID[] runs, String[] keys);
}

package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.Experiment;
import java.sql.ResultSet;
import java.sql.SQLException;
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

/** Is the SQL of experiments and their tags; only for the stores of this package. */
@RegisterRowMapper(ExperimentMapper.class)
public interface ExperimentDao {
  /** Is a tag with the experiment that it hangs on. */
  record ExperimentTag(long experiment, Tag tag) {}

  @SqlQuery("SELECT nextval('experiment_number')")
  long nextId();

  @SqlUpdate(
      """
      INSERT INTO experiment (experiment_id, name, artifact_location, active, create_time_ms, update_time_ms)
      VALUES (:id, :name, :artifactLocation, TRUE, :now, :now)
      """)
  void insert(long id, String name, String artifactLocation, long now);

  @SqlQuery(
      """
      SELECT experiment_id, name, artifact_location, active, create_time_ms, update_time_ms
      FROM experiment
      WHERE experiment_id = :id
      """)
  Optional<Experiment> find(long id);

  @SqlQuery(
      """
      SELECT experiment_id, name, artifact_location, active, create_time_ms, update_time_ms
      FROM experiment
      WHERE experiment_id = :id
      FOR UPDATE
      """)
  Optional<Experiment> lock(long id);

  @SqlQuery(
      """
      SELECT experiment_id, name, artifact_location, active, create_time_ms, update_time_ms
      FROM experiment
      WHERE name = :name
      """)
  Optional<Experiment> findByName(String name);

  @SqlUpdate("UPDATE experiment SET name = :name, update_time_ms = :now WHERE experiment_id = :id")
  void rename(long id, String name, long now);

  @SqlUpdate(
      "UPDATE experiment SET active = :active, update_time_ms = :now WHERE experiment_id = :id")
  void setActive(long id, boolean active, long now);

  @SqlUpdate("UPDATE experiment SET update_time_ms = :now WHERE experiment_id = :id")
  void touch(long id, long now);

  /** Locks the active runs of an experiment, or the deleted ones, as they are read. */
  @SqlQuery(
      """
      SELECT run_id FROM run
      WHERE experiment_id = :id AND (delete_time_ms IS NULL) = :active
      ORDER BY run_id
      FOR UPDATE
      """)
  @FetchSize(1_000)
  Stream<UUID> lockRuns(long id, boolean active);

  @SqlUpdate(
      """
      UPDATE run SET delete_time_ms = :now
      WHERE experiment_id = :id AND delete_time_ms IS NULL
      """)
  void deleteRuns(long id, long now);

  @SqlUpdate("UPDATE run SET delete_time_ms = NULL WHERE experiment_id = :id")
  void restoreRuns(long id);

  @SqlQuery(
      """
      SELECT experiment_id, tag_key, tag_value FROM experiment_tag
      WHERE experiment_id = ANY(:ids)
      ORDER BY experiment_id
      """)
  @RegisterRowMapper(ExperimentTagMapper.class)
  List<ExperimentTag> tags(Long[] ids);

  @SqlBatch(
      """
      MERGE INTO experiment_tag t
      USING (VALUES (CAST(:id AS BIGINT), CAST(:key AS VARCHAR), CAST(:value AS VARCHAR))) s (id, tag_key, tag_value)
      ON t.experiment_id = s.id AND t.tag_key = s.tag_key
      WHEN MATCHED THEN UPDATE SET tag_value = s.tag_value
      WHEN NOT MATCHED THEN INSERT (experiment_id, tag_key, tag_value) VALUES (s.id, s.tag_key, s.tag_value)
      """)
  void setTags(long id, @BindMethods Iterable<Tag> tags);

  @SqlUpdate("DELETE FROM experiment_tag WHERE experiment_id = :id AND tag_key = :key")
  int deleteTag(long id, String key);

  /** Reads a tag with its experiment. */
  final class ExperimentTagMapper implements RowMapper<ExperimentTag> {
    @Override
    public ExperimentTag map(ResultSet rs, StatementContext context) throws SQLException {
      return new ExperimentTag(
          rs.getLong("experiment_id"), new Tag(rs.getString("tag_key"), rs.getString("tag_value")));
    }
  }
}

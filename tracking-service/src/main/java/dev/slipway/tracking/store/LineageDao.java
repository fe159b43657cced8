package dev.slipway.tracking.store;

import dev.slipway.tracking.dataset.Dataset;
import dev.slipway.tracking.entry.Tag;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.sqlobject.config.RegisterRowMapper;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlBatch;
import org.jdbi.v3.sqlobject.statement.SqlQuery;

/** Is the SQL of what runs read and produced; only for the stores of this package. */
public interface LineageDao {
  /** Is the number of a dataset. */
  record DatasetKey(long id, String name, String digest) {}

  /** Is a dataset input without the dataset's details. */
  record DatasetHead(long id, String name, String digest, String sourceType, long detailChars) {}

  /** Is a tag of a dataset input. */
  record InputTag(long datasetId, Tag tag) {}

  /** Is the details of a dataset. */
  record DatasetDetails(long id, String source, String schema, String profile) {}

  /** Is a model that a run read or produced. */
  record ModelLink(UUID model, boolean output, long step) {}

  @SqlQuery(
      """
      SELECT d.dataset_id, d.dataset_name, d.dataset_digest
      FROM unnest(:names, :digests) AS x (dataset_name, dataset_digest)
      JOIN dataset d ON d.experiment_id = :experiment
        AND d.dataset_name = x.dataset_name AND d.dataset_digest = x.dataset_digest
      """)
  @RegisterRowMapper(KeyMapper.class)
  List<DatasetKey> datasets(long experiment, String[] names, String[] digests);

  @SqlBatch(
      """
      INSERT INTO dataset (experiment_id, dataset_name, dataset_digest, source_type, dataset_source, dataset_schema,
        dataset_profile, detail_chars)
      VALUES (:experiment, :name, :digest, :sourceType, :source, :schema, :profile, :detailChars)
      ON CONFLICT DO NOTHING
      """)
  void insertDatasets(long experiment, @BindMethods Iterable<Dataset> datasets);

  @SqlQuery("SELECT dataset_id FROM run_dataset WHERE run_id = :run ORDER BY dataset_id")
  List<Long> datasetsOf(UUID run);

  @SqlBatch(
      """
      INSERT INTO run_dataset (run_id, dataset_id, context)
      VALUES (:run, :dataset, :context)
      """)
  void insertInputs(UUID run, List<Long> dataset, List<String> context);

  @SqlBatch(
      """
      INSERT INTO dataset_context (dataset_id, context)
      VALUES (:dataset, :context)
      ON CONFLICT DO NOTHING
      """)
  void insertContexts(List<Long> dataset, List<String> context);

  @SqlBatch(
      """
      INSERT INTO run_dataset_tag (run_id, dataset_id, tag_key, tag_value)
      VALUES (:run, :dataset, :key, :value)
      """)
  void insertInputTags(UUID run, List<Long> dataset, List<String> key, List<String> value);

  @SqlBatch("INSERT INTO run_model_input (run_id, model_id) VALUES (:run, :model)")
  void insertModelInputs(UUID run, Iterable<UUID> model);

  @SqlBatch("INSERT INTO run_model_output (run_id, model_id, step) VALUES (:run, :model, :step)")
  void insertModelOutputs(UUID run, @BindMethods Iterable<ModelLink> links);

  @SqlBatch(
      """
      UPDATE run_model_output SET step = :step
      WHERE run_id = :run AND model_id = :model
      """)
  void setOutputSteps(UUID run, @BindMethods Iterable<ModelLink> links);

  /**
   * Joined, like all below that read of many runs: H2 compares each row of {@code = ANY} with all
   * ids.
   *
   * @param runs no run twice
   */
  @SqlQuery(
      """
      SELECT i.run_id, d.dataset_id, d.dataset_name, d.dataset_digest, d.source_type, d.detail_chars
      FROM unnest(:runs) AS x (run_id)
      JOIN run_dataset i ON i.run_id = x.run_id
      JOIN dataset d ON d.dataset_id = i.dataset_id
      ORDER BY i.run_id, i.place
      """)
  @RegisterRowMapper(HeadMapper.class)
  List<OwnedEntry<DatasetHead>> heads(UUID[] runs);

  @SqlQuery(
      """
      SELECT t.run_id, t.dataset_id, t.tag_key, t.tag_value
      FROM unnest(:runs) AS x (run_id) JOIN run_dataset_tag t ON t.run_id = x.run_id
      ORDER BY t.run_id
      """)
  @RegisterRowMapper(InputTagMapper.class)
  List<OwnedEntry<InputTag>> inputTags(UUID[] runs);

  @SqlQuery(
      """
      SELECT d.dataset_id, d.dataset_source, d.dataset_schema, d.dataset_profile
      FROM unnest(:ids) AS x (dataset_id) JOIN dataset d ON d.dataset_id = x.dataset_id
      ORDER BY d.dataset_id
      """)
  @RegisterRowMapper(DetailsMapper.class)
  List<DatasetDetails> details(Long[] ids);

  @SqlQuery(
      """
      SELECT m.run_id, m.model_id, FALSE AS output, CAST(0 AS BIGINT) AS step, m.place
      FROM unnest(:runs) AS x (run_id) JOIN run_model_input m ON m.run_id = x.run_id
      UNION ALL
      SELECT m.run_id, m.model_id, TRUE AS output, m.step, m.place
      FROM unnest(:runs) AS x (run_id) JOIN run_model_output m ON m.run_id = x.run_id
      ORDER BY place
      """)
  @RegisterRowMapper(ModelLinkMapper.class)
  List<OwnedEntry<ModelLink>> models(UUID[] runs);

  /** Reads the number of a dataset. */
  final class KeyMapper implements RowMapper<DatasetKey> {
    @Override
    public DatasetKey map(ResultSet rs, StatementContext context) throws SQLException {
      return new DatasetKey(
          rs.getLong("dataset_id"), rs.getString("dataset_name"), rs.getString("dataset_digest"));
    }
  }

  /** Reads a dataset input. */
  final class HeadMapper implements RowMapper<OwnedEntry<DatasetHead>> {
    @Override
    public OwnedEntry<DatasetHead> map(ResultSet rs, StatementContext context) throws SQLException {
      return new OwnedEntry<>(
          OwnedEntryMapper.owner(rs),
          new DatasetHead(
              rs.getLong("dataset_id"),
              rs.getString("dataset_name"),
              rs.getString("dataset_digest"),
              rs.getString("source_type"),
              rs.getLong("detail_chars")));
    }
  }

  /** Reads a tag of a dataset input. */
  final class InputTagMapper implements RowMapper<OwnedEntry<InputTag>> {
    @Override
    public OwnedEntry<InputTag> map(ResultSet rs, StatementContext context) throws SQLException {
      return new OwnedEntry<>(
          OwnedEntryMapper.owner(rs),
          new InputTag(
              rs.getLong("dataset_id"),
              new Tag(rs.getString("tag_key"), rs.getString("tag_value"))));
    }
  }

  /** Reads the details of a dataset. */
  final class DetailsMapper implements RowMapper<DatasetDetails> {
    @Override
    public DatasetDetails map(ResultSet rs, StatementContext context) throws SQLException {
      return new DatasetDetails(
          rs.getLong("dataset_id"),
          rs.getString("dataset_source"),
          rs.getString("dataset_schema"),
          rs.getString("dataset_profile"));
    }
  }

  /** Reads a model that a run read or produced. */
  final class ModelLinkMapper implements RowMapper<OwnedEntry<ModelLink>> {
    @Override
    public OwnedEntry<ModelLink> map(ResultSet rs, StatementContext context) throws SQLException {
      return new OwnedEntry<>(
          OwnedEntryMapper.owner(rs),
          new ModelLink(
              rs.getObject("model_id", UUID.class), rs.getBoolean("output"), rs.getLong("step")));
    }
  }
}

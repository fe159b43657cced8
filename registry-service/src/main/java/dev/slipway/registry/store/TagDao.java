package dev.slipway.registry.store;

import java.util.List;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.statement.SqlBatch;
import org.jdbi.v3.sqlobject.statement.SqlQuery;

/** Reads and writes the tags of models and versions. */
@RegisterConstructorMapper(TagDao.TagRow.class)
public interface TagDao {
  /** Is a tag of a model (version 0) or of a version. */
  record TagRow(long modelId, long version, String tagKey, String tagValue) {}

  /**
   * Removes tags of a model, then inserts the new ones: {@code MERGE} differs too much between
   * databases.
   */
  @SqlBatch("DELETE FROM registered_model_tag WHERE model_id = :modelId AND tag_key = :tagKey")
  void deleteOfModel(@Bind("modelId") long modelId, @Bind("tagKey") List<String> keys);

  /** Inserts tags of a model. */
  @SqlBatch(
      "INSERT INTO registered_model_tag (model_id, tag_key, tag_value) VALUES (:modelId, :tagKey,"
          + " :tagValue)")
  void insertOfModel(
      @Bind("modelId") long modelId,
      @Bind("tagKey") List<String> keys,
      @Bind("tagValue") List<String> values);

  /** Removes tags of a version. */
  @SqlBatch(
      "DELETE FROM model_version_tag WHERE model_id = :modelId AND version = :version AND tag_key ="
          + " :tagKey")
  void deleteOfVersion(
      @Bind("modelId") long modelId,
      @Bind("version") long version,
      @Bind("tagKey") List<String> keys);

  /** Inserts tags of a version. */
  @SqlBatch(
      """
      INSERT INTO model_version_tag (model_id, version, tag_key, tag_value)
      VALUES (:modelId, :version, :tagKey, :tagValue)
      """)
  void insertOfVersion(
      @Bind("modelId") long modelId,
      @Bind("version") long version,
      @Bind("tagKey") List<String> keys,
      @Bind("tagValue") List<String> values);

  /** Lists the tags of some models. */
  @SqlQuery(
      """
      SELECT model_id, CAST(0 AS BIGINT) AS version, tag_key, tag_value FROM registered_model_tag
      WHERE model_id = ANY(:modelIds) ORDER BY model_id, tag_key
      """)
  List<TagRow> listOfModels(@Bind("modelIds") Long[] modelIds);

  /**
   * Lists the tags of the versions of some models whose numbers lie in a range, both ends included.
   */
  @SqlQuery(
      """
      SELECT model_id, version, tag_key, tag_value FROM model_version_tag
      WHERE model_id = :modelId AND version BETWEEN :from AND :to ORDER BY version, tag_key
      """)
  List<TagRow> listOfVersions(
      @Bind("modelId") long modelId, @Bind("from") long from, @Bind("to") long to);
}

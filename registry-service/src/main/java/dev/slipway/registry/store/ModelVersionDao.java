package dev.slipway.registry.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and writes {@code model_version}. */
@RegisterConstructorMapper(ModelVersionRow.class)
public interface ModelVersionDao {
  /** The columns of a whole row, with model and stage. */
  String COLUMNS =
      """
      v.model_id, m.name, v.version, v.state, v.state_reason, s.stage, v.archived, v.stage_since, v.description,
        v.source, v.artifact_path, v.run_id, v.run_link, v.logged_model_id, v.allow_missing_model_file, v.holder,
        v.package_digest, v.package_size_bytes, v.signature_inputs, v.signature_outputs, v.signature_params, v.flavors,
        v.created_at, v.created_by, v.updated_at, v.updated_by, v.revision
      """;

  /** Where the columns come from. */
  String FROM =
      """
      FROM model_version v
        JOIN registered_model m ON m.model_id = v.model_id
        LEFT JOIN stage_assignment s ON s.model_id = v.model_id AND s.version = v.version
      """;

  /** Reads whole rows; what follows says which. */
  String SELECT = "SELECT " + COLUMNS + FROM;

  /** Inserts a row; its stage is None. */
  @SqlUpdate(
      """
      INSERT INTO model_version (model_id, version, state, state_reason, archived, stage_since, description, source,
        artifact_path, run_id, run_link, logged_model_id, allow_missing_model_file, holder, package_digest,
        package_size_bytes, signature_inputs, signature_outputs, signature_params, flavors, created_at, created_by,
        updated_at, updated_by, revision)
      VALUES (:modelId, :version, :state, :stateReason, :archived, :stageSince, :description, :source,
        :artifactPath, :runId, :runLink, :loggedModelId, :allowMissingModelFile, :holder, :packageDigest,
        :packageSizeBytes, :signatureInputs, :signatureOutputs, :signatureParams, :flavors, :createdAt, :createdBy,
        :updatedAt, :updatedBy, :revision)
      """)
  void insert(@BindMethods ModelVersionRow row);

  /** Sets all that finalizing a pending version fills in. */
  @SqlUpdate(
      """
      UPDATE model_version SET state = :state, state_reason = :stateReason, artifact_path = :artifactPath,
        run_id = :runId, holder = :holder, package_digest = :packageDigest, package_size_bytes = :packageSizeBytes,
        signature_inputs = :signatureInputs, signature_outputs = :signatureOutputs,
        signature_params = :signatureParams, flavors = :flavors
      WHERE model_id = :modelId AND version = :version
      """)
  void updatePackage(@BindMethods ModelVersionRow row);

  /** Changes description and link. */
  @SqlUpdate(
      """
      UPDATE model_version SET description = :description, run_link = :runLink
      WHERE model_id = :modelId AND version = :version
      """)
  void updateTexts(
      @Bind("modelId") long modelId,
      @Bind("version") long version,
      @Bind("description") String description,
      @Bind("runLink") String runLink);

  /** Notes when a version came into its stage, and whether that is Archived. */
  @SqlUpdate(
      """
      UPDATE model_version SET archived = :archived, stage_since = :stageSince
      WHERE model_id = :modelId AND version = :version
      """)
  void updateStage(
      @Bind("modelId") long modelId,
      @Bind("version") long version,
      @Bind("archived") boolean archived,
      @Bind("stageSince") Instant stageSince);

  /** Stamps a change. */
  @SqlUpdate(
      """
      UPDATE model_version SET updated_at = :updatedAt, updated_by = :updatedBy, revision = :revision
      WHERE model_id = :modelId AND version = :version
      """)
  void touch(
      @Bind("modelId") long modelId,
      @Bind("version") long version,
      @Bind("updatedAt") Instant updatedAt,
      @Bind("updatedBy") String updatedBy,
      @Bind("revision") long revision);

  /** Deletes a row and all that belongs to it. */
  @SqlUpdate("DELETE FROM model_version WHERE model_id = :modelId AND version = :version")
  void delete(@Bind("modelId") long modelId, @Bind("version") long version);

  /** Lists the names under which the artifact service keeps packages of a model. */
  @SqlQuery(
      """
      SELECT holder FROM model_version WHERE model_id = :modelId AND holder IS NOT NULL ORDER BY version
      """)
  List<String> listHolders(@Bind("modelId") long modelId);

  /** Finds a row. */
  @SqlQuery(
      SELECT
          + """
          WHERE v.model_id = :modelId AND v.version = :version
          """)
  Optional<ModelVersionRow> find(@Bind("modelId") long modelId, @Bind("version") long version);

  /** Finds the row with the highest number among those in a state. */
  @SqlQuery(
      SELECT
          + """
          WHERE v.model_id = :modelId AND v.state = :state
          ORDER BY v.version DESC FETCH FIRST 1 ROWS ONLY
          """)
  Optional<ModelVersionRow> findLatest(@Bind("modelId") long modelId, @Bind("state") String state);

  /** Finds the row with the highest number. */
  @SqlQuery(
      SELECT
          + """
          WHERE v.model_id = :modelId
          ORDER BY v.version DESC FETCH FIRST 1 ROWS ONLY
          """)
  Optional<ModelVersionRow> findNewest(@Bind("modelId") long modelId);

  /** Lists the rows of a model below a number, highest first. */
  @SqlQuery(
      SELECT
          + """
          WHERE v.model_id = :modelId AND v.version < :below
          ORDER BY v.version DESC FETCH FIRST :limit ROWS ONLY
          """)
  List<ModelVersionRow> listBelow(
      @Bind("modelId") long modelId, @Bind("below") long below, @Bind("limit") int limit);

  /** Lists the rows of a model that are in an exclusive stage, below a number, highest first. */
  @SqlQuery(
      SELECT
          + """
          WHERE v.model_id = :modelId AND v.version < :below AND s.stage = :stage
          ORDER BY v.version DESC FETCH FIRST :limit ROWS ONLY
          """)
  List<ModelVersionRow> listInStage(
      @Bind("modelId") long modelId,
      @Bind("stage") String stage,
      @Bind("below") long below,
      @Bind("limit") int limit);

  /** Lists the rows of a model that are in None or Archived, below a number, highest first. */
  @SqlQuery(
      SELECT
          + """
          WHERE v.model_id = :modelId AND v.version < :below AND s.stage IS NULL AND v.archived = :archived
          ORDER BY v.version DESC FETCH FIRST :limit ROWS ONLY
          """)
  List<ModelVersionRow> listOutsideStages(
      @Bind("modelId") long modelId,
      @Bind("archived") boolean archived,
      @Bind("below") long below,
      @Bind("limit") int limit);

  /** Lists rows after a model and number, by model and number. */
  @SqlQuery(
      SELECT
          + """
          WHERE v.model_id = :modelId AND v.version > :above
          ORDER BY v.version FETCH FIRST :limit ROWS ONLY
          """)
  List<ModelVersionRow> listAbove(
      @Bind("modelId") long modelId, @Bind("above") long above, @Bind("limit") int limit);
}

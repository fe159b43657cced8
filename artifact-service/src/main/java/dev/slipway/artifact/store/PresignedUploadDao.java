package dev.slipway.artifact.store;

import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.upload.PartPlan;
import dev.slipway.artifact.upload.PresignedUpload;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.upload.UploadSpec;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.sqlobject.config.RegisterRowMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Is the SQL of presigned uploads. */
@RegisterRowMapper(PresignedUploadDao.Mapper.class)
public interface PresignedUploadDao {
  /** What {@link Mapper} reads. */
  String COLUMNS =
      "upload_id, path, size_bytes, declared_sha256, content_type, create_only, part_size_bytes,"
          + " part_count, store_upload_id, expire_time";

  /** Returns an upload, also an expired one. */
  @SqlQuery("SELECT " + COLUMNS + " FROM presigned_upload WHERE upload_id = :uploadId")
  Optional<PresignedUpload> find(@Bind("uploadId") String uploadId);

  /** Returns one, that has not expired, of those that are to lie in a range of paths. */
  @SqlQuery(
      """
      SELECT upload_id FROM presigned_upload
      WHERE path > :after AND path < :end AND expire_time > :now
      FETCH FIRST 1 ROWS ONLY
      """)
  Optional<String> findOpen(
      @Bind("after") byte[] after, @Bind("end") byte[] end, @Bind("now") OffsetDateTime now);

  /** Counts those that have expired. */
  @SqlQuery("SELECT COUNT(*) FROM presigned_upload WHERE expire_time <= :now")
  int countExpired(@Bind("now") OffsetDateTime now);

  /** Returns those that expired first, after one of them. */
  @SqlQuery(
      "SELECT "
          + COLUMNS
          + " FROM presigned_upload WHERE expire_time <= :now AND expire_time >= :afterTime"
          + " AND (expire_time > :afterTime OR upload_id > :afterId)"
          + " ORDER BY expire_time, upload_id FETCH FIRST :limit ROWS ONLY")
  List<PresignedUpload> listExpired(
      @Bind("now") OffsetDateTime now,
      @Bind("afterTime") OffsetDateTime afterTime,
      @Bind("afterId") String afterId,
      @Bind("limit") int limit);

  /** Adds an upload. */
  @SqlUpdate(
      """
      INSERT INTO presigned_upload
        (upload_id, path, size_bytes, declared_sha256, content_type, create_only, part_size_bytes,
          part_count, expire_time)
      VALUES (:uploadId, :path, :sizeBytes, :sha256, :contentType, :createOnly, :partSizeBytes,
        :partCount, :expireTime)
      """)
  void insert(
      @Bind("uploadId") String uploadId,
      @Bind("path") byte[] path,
      @Bind("sizeBytes") Long sizeBytes,
      @Bind("sha256") String sha256,
      @Bind("contentType") String contentType,
      @Bind("createOnly") boolean createOnly,
      @Bind("partSizeBytes") long partSizeBytes,
      @Bind("partCount") int partCount,
      @Bind("expireTime") OffsetDateTime expireTime);

  /** Notes the store's own name of an upload that has none yet. */
  @SqlUpdate(
      """
      UPDATE presigned_upload SET store_upload_id = :storeUploadId
      WHERE upload_id = :uploadId AND store_upload_id IS NULL
      """)
  int begin(@Bind("uploadId") String uploadId, @Bind("storeUploadId") String storeUploadId);

  /** Lets an upload that has not expired live on, never shorter than before. */
  @SqlUpdate(
      """
      UPDATE presigned_upload SET expire_time = GREATEST(expire_time, :expireTime)
      WHERE upload_id = :uploadId AND expire_time > :now
      """)
  int extend(
      @Bind("uploadId") String uploadId,
      @Bind("now") OffsetDateTime now,
      @Bind("expireTime") OffsetDateTime expireTime);

  /** Makes an upload refer to content. */
  @SqlUpdate(
      """
      UPDATE presigned_upload SET content_sha256 = :sha256
      WHERE upload_id = :uploadId AND store_upload_id = :storeUploadId
      """)
  int refer(
      @Bind("uploadId") String uploadId,
      @Bind("storeUploadId") String storeUploadId,
      @Bind("sha256") String sha256);

  /** Removes an upload, unless it was begun anew. */
  @SqlUpdate(
      """
      DELETE FROM presigned_upload
      WHERE upload_id = :uploadId AND store_upload_id IS NOT DISTINCT FROM :storeUploadId
      """)
  int delete(@Bind("uploadId") String uploadId, @Bind("storeUploadId") String storeUploadId);

  /** Reads a row. */
  final class Mapper implements RowMapper<PresignedUpload> {
    @Override
    public PresignedUpload map(ResultSet row, StatementContext context) throws SQLException {
      UploadId id = new UploadId(row.getString("upload_id"));
      long size = row.getLong("size_bytes");
      OptionalLong sizeBytes = row.wasNull() ? OptionalLong.empty() : OptionalLong.of(size);
      UploadSpec spec =
          new UploadSpec(
              EntryRow.path(row),
              Optional.of(id),
              sizeBytes,
              Optional.ofNullable(row.getString("declared_sha256")).map(Sha256::new),
              Optional.ofNullable(row.getString("content_type")),
              row.getBoolean("create_only"));
      return new PresignedUpload(
          id,
          spec,
          new PartPlan(sizeBytes, row.getLong("part_size_bytes"), row.getInt("part_count")),
          Optional.ofNullable(row.getString("store_upload_id")),
          row.getObject("expire_time", OffsetDateTime.class).toInstant());
    }
  }
}

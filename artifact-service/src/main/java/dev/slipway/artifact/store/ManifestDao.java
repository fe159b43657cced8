package dev.slipway.artifact.store;

import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Manifest;
import dev.slipway.artifact.content.ManifestEntry;
import dev.slipway.artifact.content.Sha256;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.result.ResultIterator;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.sqlobject.config.RegisterRowMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.FetchSize;
import org.jdbi.v3.sqlobject.statement.GetGeneratedKeys;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Is the SQL of manifests and of who keeps them. */
@RegisterRowMapper(ManifestDao.ManifestMapper.class)
@RegisterRowMapper(ManifestDao.ManifestEntryMapper.class)
public interface ManifestDao {
  /** Returns the manifest that a holder keeps of a path. */
  @SqlQuery(
      """
      SELECT m.digest, m.size_bytes, m.file_count, m.create_time
      FROM snapshot s JOIN manifest m ON m.manifest_id = s.manifest_id
      WHERE s.holder = :holder AND s.path = :path
      """)
  Optional<Manifest> findHeld(@Bind("holder") String holder, @Bind("path") byte[] path);

  /** Returns a manifest. */
  @SqlQuery(
      "SELECT digest, size_bytes, file_count, create_time FROM manifest WHERE digest = :digest")
  Optional<Manifest> find(@Bind("digest") String digest);

  /** Returns a manifest by its number. */
  @SqlQuery(
      "SELECT digest, size_bytes, file_count, create_time FROM manifest WHERE manifest_id = :id")
  Optional<Manifest> findById(@Bind("id") long id);

  /** Returns the number of a manifest. */
  @SqlQuery("SELECT manifest_id FROM manifest WHERE digest = :digest")
  Optional<Long> findId(@Bind("digest") String digest);

  /** Begins a manifest and returns its number. */
  @SqlUpdate("INSERT INTO manifest (size_bytes, file_count, create_time) VALUES (0, 0, :now)")
  @GetGeneratedKeys("manifest_id")
  long begin(@Bind("now") OffsetDateTime now);

  /** Names a manifest that was begun. */
  @SqlUpdate(
      """
      UPDATE manifest SET digest = :digest, size_bytes = :sizeBytes, file_count = :fileCount
      WHERE manifest_id = :id
      """)
  void finish(
      @Bind("id") long id,
      @Bind("digest") String digest,
      @Bind("sizeBytes") long sizeBytes,
      @Bind("fileCount") long fileCount);

  /** Removes a manifest that was begun, with its files. */
  @SqlUpdate("DELETE FROM manifest WHERE manifest_id = :id")
  void discard(@Bind("id") long id);

  /** Notes that condemned content of a manifest is bound again. */
  @SqlUpdate(
      """
      UPDATE blob SET state = 3, condemn_time = NULL
      WHERE state = 2 AND EXISTS (
        SELECT 1 FROM manifest_entry e WHERE e.manifest_id = :id AND e.sha256 = blob.sha256)
      """)
  void reviveContent(@Bind("id") long id);

  /** Returns content of a manifest that is, or is just being, removed. */
  @SqlQuery(
      """
      SELECT e.sha256 FROM manifest_entry e LEFT JOIN blob b ON b.sha256 = e.sha256
      WHERE e.manifest_id = :id AND (b.sha256 IS NULL OR b.state = 4)
      ORDER BY e.path FETCH FIRST 1 ROWS ONLY
      """)
  Optional<String> findRemoved(@Bind("id") long id);

  /** Counts the files of a range, up to a limit. */
  @SqlQuery(
      """
      SELECT COUNT(*) FROM (
        SELECT path FROM entry WHERE kind = 2 AND path > :after AND path < :end
        FETCH FIRST :limit ROWS ONLY) AS files
      """)
  long countFiles(@Bind("after") byte[] after, @Bind("end") byte[] end, @Bind("limit") long limit);

  /** Copies the files of a range, their paths from the given byte on, counted from 1. */
  @SqlUpdate(
      """
      INSERT INTO manifest_entry (manifest_id, path, sha256, size_bytes)
      SELECT CAST(:id AS BIGINT), SUBSTRING(path FROM CAST(:start AS INTEGER)), sha256, size_bytes
      FROM entry
      WHERE kind = 2 AND path > :after AND path < :end
      """)
  int copyRange(
      @Bind("id") long id,
      @Bind("start") int start,
      @Bind("after") byte[] after,
      @Bind("end") byte[] end);

  /** Copies one file, its path from the given byte on, counted from 1. */
  @SqlUpdate(
      """
      INSERT INTO manifest_entry (manifest_id, path, sha256, size_bytes)
      SELECT CAST(:id AS BIGINT), SUBSTRING(path FROM CAST(:start AS INTEGER)), sha256, size_bytes
      FROM entry
      WHERE kind = 2 AND path = :path
      """)
  int copyFile(@Bind("id") long id, @Bind("start") int start, @Bind("path") byte[] path);

  /** Returns all files of a manifest, in order, as they are read; the caller closes. */
  @SqlQuery(
      "SELECT path, sha256, size_bytes FROM manifest_entry WHERE manifest_id = :id ORDER BY path")
  @FetchSize(1000)
  ResultIterator<ManifestEntry> iterate(@Bind("id") long id);

  /** Returns some files of a manifest, those of a range, in order. */
  @SqlQuery(
      """
      SELECT e.path, e.sha256, e.size_bytes
      FROM manifest m JOIN manifest_entry e ON e.manifest_id = m.manifest_id
      WHERE m.digest = :digest AND e.path > :after AND e.path < :end
      ORDER BY e.path FETCH FIRST :limit ROWS ONLY
      """)
  List<ManifestEntry> list(
      @Bind("digest") String digest,
      @Bind("after") byte[] after,
      @Bind("end") byte[] end,
      @Bind("limit") int limit);

  /** Returns one file of a manifest. */
  @SqlQuery(
      """
      SELECT e.path, e.sha256, e.size_bytes
      FROM manifest m JOIN manifest_entry e ON e.manifest_id = m.manifest_id
      WHERE m.digest = :digest AND e.path = :path
      """)
  Optional<ManifestEntry> findEntry(@Bind("digest") String digest, @Bind("path") byte[] path);

  /** Notes who keeps a manifest. */
  @SqlUpdate(
      """
      INSERT INTO snapshot (holder, path, manifest_id, create_time)
      VALUES (:holder, :path, :id, :now)
      """)
  void hold(
      @Bind("holder") String holder,
      @Bind("path") byte[] path,
      @Bind("id") long id,
      @Bind("now") OffsetDateTime now);

  /** Ends all that a holder keeps. */
  @SqlUpdate("DELETE FROM snapshot WHERE holder = :holder")
  int release(@Bind("holder") String holder);

  /** Ends what a holder keeps of a path. */
  @SqlUpdate("DELETE FROM snapshot WHERE holder = :holder AND path = :path")
  int release(@Bind("holder") String holder, @Bind("path") byte[] path);

  /** Reads a manifest. */
  final class ManifestMapper implements RowMapper<Manifest> {
    @Override
    public Manifest map(ResultSet row, StatementContext context) throws SQLException {
      return new Manifest(
          new Sha256(row.getString("digest")),
          row.getLong("size_bytes"),
          row.getLong("file_count"),
          row.getObject("create_time", OffsetDateTime.class).toInstant());
    }
  }

  /** Reads a file of a manifest. */
  final class ManifestEntryMapper implements RowMapper<ManifestEntry> {
    @Override
    public ManifestEntry map(ResultSet row, StatementContext context) throws SQLException {
      return new ManifestEntry(
          EntryRow.path(row),
          new Content(new Sha256(row.getString("sha256")), row.getLong("size_bytes")));
    }
  }
}

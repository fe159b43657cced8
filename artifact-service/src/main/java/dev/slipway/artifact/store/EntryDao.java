package dev.slipway.artifact.store;

import dev.slipway.artifact.content.Directory;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.sqlobject.config.RegisterRowMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Is the SQL of the tree. Paths are UTF-8; a range of paths is exclusive at both ends. */
@RegisterRowMapper(EntryRow.Mapper.class)
public interface EntryDao {
  /** What {@link EntryRow.Mapper} reads. */
  String COLUMNS =
      "path, kind, sha256, size_bytes, content_type, upload_id, create_time, update_time";

  /** Returns what lies at a path. */
  @SqlQuery("SELECT " + COLUMNS + " FROM entry WHERE path = :path")
  Optional<EntryRow> find(@Bind("path") byte[] path);

  /** Returns the file that an upload put there. */
  @SqlQuery(
      "SELECT "
          + COLUMNS
          + " FROM entry WHERE upload_id = :uploadId ORDER BY path FETCH FIRST 1 ROWS ONLY")
  Optional<EntryRow> findByUploadId(@Bind("uploadId") String uploadId);

  /** Locks a row against everybody and returns its kind. */
  @SqlQuery("SELECT kind FROM entry WHERE path = :path FOR UPDATE")
  Optional<Integer> lock(@Bind("path") byte[] path);

  /**
   * Locks a row against removal, together with others who do so, and returns its kind. PostgreSQL
   * only.
   */
  @SqlQuery("SELECT kind FROM entry WHERE path = :path FOR KEY SHARE")
  Optional<Integer> lockAgainstRemoval(@Bind("path") byte[] path);

  /**
   * Locks the directories of a range against everybody, in order of path, and returns their kinds.
   */
  @SqlQuery(
      """
      SELECT kind FROM entry
      WHERE kind = 1 AND path > :after AND path < :end
      ORDER BY path
      FOR UPDATE
      """)
  List<Integer> lockDirectories(@Bind("after") byte[] after, @Bind("end") byte[] end);

  /** Adds a directory. */
  @SqlUpdate(
      """
      INSERT INTO entry (path, parent, kind, create_time, update_time)
      VALUES (:path, :parent, 1, :now, :now)
      """)
  void insertDirectory(
      @Bind("path") byte[] path, @Bind("parent") byte[] parent, @Bind("now") OffsetDateTime now);

  /** Adds a file. */
  @SqlUpdate(
      """
      INSERT INTO entry
        (path, parent, kind, sha256, size_bytes, content_type, upload_id, create_time, update_time)
      VALUES (:path, :parent, 2, :sha256, :sizeBytes, :contentType, :uploadId, :now, :now)
      """)
  void insertFile(
      @Bind("path") byte[] path,
      @Bind("parent") byte[] parent,
      @Bind("sha256") String sha256,
      @Bind("sizeBytes") long sizeBytes,
      @Bind("contentType") String contentType,
      @Bind("uploadId") String uploadId,
      @Bind("now") OffsetDateTime now);

  /** Binds a file to other content. */
  @SqlUpdate(
      """
      UPDATE entry
      SET sha256 = :sha256, size_bytes = :sizeBytes, content_type = :contentType,
        upload_id = :uploadId, update_time = :now
      WHERE path = :path AND kind = 2
      """)
  int updateFile(
      @Bind("path") byte[] path,
      @Bind("sha256") String sha256,
      @Bind("sizeBytes") long sizeBytes,
      @Bind("contentType") String contentType,
      @Bind("uploadId") String uploadId,
      @Bind("now") OffsetDateTime now);

  /** Removes one row. */
  @SqlUpdate("DELETE FROM entry WHERE path = :path")
  int delete(@Bind("path") byte[] path);

  /** Removes all rows of a range. */
  @SqlUpdate("DELETE FROM entry WHERE path > :after AND path < :end")
  int deleteRange(@Bind("after") byte[] after, @Bind("end") byte[] end);

  /** Returns when a row of a range was last added or changed. */
  @SqlQuery(
      """
      SELECT MAX(update_time) FROM entry
      WHERE (path > :after AND path < :end) OR path = :directory
      """)
  Optional<OffsetDateTime> lastChange(
      @Bind("directory") byte[] directory, @Bind("after") byte[] after, @Bind("end") byte[] end);

  /** Returns the path of one row that lies directly in a directory. */
  @SqlQuery(
      """
      SELECT path FROM entry
      WHERE parent = :parent
      ORDER BY parent, path
      FETCH FIRST 1 ROWS ONLY
      """)
  Optional<byte[]> findChild(@Bind("parent") byte[] parent);

  /**
   * Returns what lies directly in a directory. In the order of the whole index: without its first
   * column, which is one here, H2 would read and sort all of the directory for each page.
   */
  @SqlQuery(
      "SELECT "
          + COLUMNS
          + " FROM entry WHERE parent = :parent AND path > :after"
          + " ORDER BY parent, path FETCH FIRST :limit ROWS ONLY")
  List<EntryRow> listLevel(
      @Bind("parent") byte[] parent, @Bind("after") byte[] after, @Bind("limit") int limit);

  /** Returns the files of a range. */
  @SqlQuery(
      "SELECT "
          + COLUMNS
          + " FROM entry WHERE kind = 2 AND path > :after AND path < :end"
          + " ORDER BY path FETCH FIRST :limit ROWS ONLY")
  List<EntryRow> listFiles(
      @Bind("after") byte[] after, @Bind("end") byte[] end, @Bind("limit") int limit);

  /** Returns number and size of the files of a range; the path of the answer means nothing. */
  @SqlQuery(
      """
      SELECT COUNT(*) AS file_count, CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) AS size_bytes
      FROM entry
      WHERE kind = 2 AND path > :after AND path < :end
      """)
  @RegisterRowMapper(TotalsMapper.class)
  Directory totals(@Bind("after") byte[] after, @Bind("end") byte[] end);
}

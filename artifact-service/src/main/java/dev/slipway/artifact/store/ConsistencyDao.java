package dev.slipway.artifact.store;

import java.util.List;
import java.util.Optional;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.statement.SqlQuery;

/** Is the SQL of consistency checks. */
@RegisterConstructorMapper(ConsistencyDao.Row.class)
@RegisterConstructorMapper(ConsistencyDao.VersionRow.class)
public interface ConsistencyDao {
  /**
   * Is content as a check looks at it.
   *
   * @param sha256 its digest
   * @param sizeBytes its size
   * @param inUse whether anything keeps it
   */
  record Row(String sha256, long sizeBytes, boolean inUse) {}

  /**
   * Is an asset version that keeps content.
   *
   * @param name UTF-8 of the asset's name
   * @param scheme number of its versioning scheme
   * @param major first part of the version
   * @param minor second part of the version
   */
  @SuppressWarnings("ArrayRecordComponent") // Rows are not compared.
  record VersionRow(byte[] name, int scheme, long major, long minor) {}

  /** What {@link Row} is made of. */
  String COLUMNS =
      "SELECT b.sha256, b.size_bytes, b.state <> 4 AND "
          + References.CONTENT_IS_REFERENCED
          + " AS in_use";

  /** Returns content in order of digest; the page is taken before references are looked for. */
  @SqlQuery(
      COLUMNS
          + " FROM (SELECT sha256, size_bytes, state FROM blob"
          + " WHERE sha256 > :after ORDER BY sha256 FETCH FIRST :limit ROWS ONLY) b"
          + " ORDER BY b.sha256")
  List<Row> list(@Bind("after") String after, @Bind("limit") int limit);

  /**
   * Returns the content of a path and of the paths of a range, in order of digest. Begins with the
   * paths, since there may be far more content elsewhere.
   */
  @SqlQuery(
      """
      SELECT b.sha256, b.size_bytes, TRUE AS in_use
      FROM (
        SELECT DISTINCT sha256 FROM entry
        WHERE (path = :path OR (path > :pathAfter AND path < :pathEnd)) AND sha256 > :after
        ORDER BY sha256 FETCH FIRST :limit ROWS ONLY) e
      JOIN blob b ON b.sha256 = e.sha256
      ORDER BY b.sha256
      """)
  List<Row> listBelow(
      @Bind("path") byte[] path,
      @Bind("pathAfter") byte[] pathAfter,
      @Bind("pathEnd") byte[] pathEnd,
      @Bind("after") String after,
      @Bind("limit") int limit);

  /** Returns one content. */
  @SqlQuery(COLUMNS + " FROM blob b WHERE b.sha256 = :sha256")
  Optional<Row> find(@Bind("sha256") String sha256);

  /** Returns some paths that refer to content, in order. */
  @SqlQuery(
      "SELECT path FROM entry WHERE sha256 = :sha256 ORDER BY path FETCH FIRST :limit ROWS ONLY")
  List<byte[]> listPaths(@Bind("sha256") String sha256, @Bind("limit") int limit);

  /** Returns some holders that refer to content through a manifest, in order. */
  @SqlQuery(
      """
      SELECT DISTINCT s.holder
      FROM manifest_entry e JOIN snapshot s ON s.manifest_id = e.manifest_id
      WHERE e.sha256 = :sha256
      ORDER BY s.holder FETCH FIRST :limit ROWS ONLY
      """)
  List<String> listHolders(@Bind("sha256") String sha256, @Bind("limit") int limit);

  /** Returns some asset versions that refer to content through a manifest, in order. */
  @SqlQuery(
      """
      SELECT DISTINCT v.name, a.scheme, v.major, v.minor
      FROM manifest_entry e
      JOIN asset_version v ON v.manifest_id = e.manifest_id
      JOIN asset a ON a.name = v.name
      WHERE e.sha256 = :sha256
      ORDER BY v.name, v.major, v.minor FETCH FIRST :limit ROWS ONLY
      """)
  List<VersionRow> listVersions(@Bind("sha256") String sha256, @Bind("limit") int limit);
}

package dev.slipway.artifact.store;

import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.sqlobject.SingleValue;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.config.RegisterRowMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.BindMethods;
import org.jdbi.v3.sqlobject.statement.SqlBatch;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Is the SQL of assets. Names are UTF-8. */
@RegisterConstructorMapper(AssetRows.AssetRow.class)
@RegisterRowMapper(AssetRows.VersionMapper.class)
@RegisterConstructorMapper(AssetRows.FactRow.class)
public interface AssetDao {
  /** What {@link AssetRows.AssetRow} is read from. */
  String ASSET =
      "SELECT name, scheme, description, latest_major, latest_minor, version_count, create_time,"
          + " update_time FROM asset ";

  /** What {@link AssetRows.VersionRow} is read from. */
  String VERSION =
      "SELECT v.name, v.major, v.minor, a.scheme, m.digest, v.is_directory, m.size_bytes,"
          + " m.file_count, v.author, v.description, v.text_bytes, v.request_fingerprint,"
          + " v.create_time FROM asset_version v"
          + " JOIN asset a ON a.name = v.name JOIN manifest m ON m.manifest_id = v.manifest_id ";

  /** Puts the newest first. */
  String NEWEST = " ORDER BY v.major DESC, v.minor DESC FETCH FIRST 1 ROWS ONLY";

  /** Returns an asset. */
  @SqlQuery(ASSET + "WHERE name = :name")
  Optional<AssetRows.AssetRow> find(@Bind("name") byte[] name);

  /** Locks an asset against other pushes and returns it. */
  @SqlQuery(ASSET + "WHERE name = :name FOR UPDATE")
  Optional<AssetRows.AssetRow> lock(@Bind("name") byte[] name);

  /** Returns assets whose name lies in a range, its start and end left out. */
  @SqlQuery(
      ASSET + "WHERE name > :after AND name < :end ORDER BY name FETCH FIRST :limit ROWS ONLY")
  List<AssetRows.AssetRow> list(
      @Bind("after") byte[] after, @Bind("end") byte[] end, @Bind("limit") int limit);

  /** Adds an asset. */
  @SqlUpdate(
      """
      INSERT INTO asset
        (name, scheme, description, latest_major, latest_minor, version_count, create_time,
         update_time)
      VALUES
        (:name, :scheme, :description, :latestMajor, :latestMinor, :versionCount, :createTime,
         :updateTime)
      """)
  void insert(@BindMethods AssetRows.AssetRow row);

  /** Changes what a push changes. */
  @SqlUpdate(
      """
      UPDATE asset SET description = :description, latest_major = :latestMajor,
        latest_minor = :latestMinor, version_count = :versionCount, update_time = :updateTime
      WHERE name = :name
      """)
  void update(@BindMethods AssetRows.AssetRow row);

  /** Returns a version. */
  @SqlQuery(VERSION + "WHERE v.name = :name AND v.major = :major AND v.minor = :minor")
  Optional<AssetRows.VersionRow> findVersion(
      @Bind("name") byte[] name, @Bind("major") long major, @Bind("minor") long minor);

  /** Returns what a push with an id made. */
  @SqlQuery(VERSION + "WHERE v.request_id = :requestId")
  Optional<AssetRows.VersionRow> findByRequest(@Bind("requestId") String requestId);

  /** Returns the newest version. */
  @SqlQuery(VERSION + "WHERE v.name = :name" + NEWEST)
  Optional<AssetRows.VersionRow> findNewest(@Bind("name") byte[] name);

  /** Returns the newest version of a major. */
  @SqlQuery(VERSION + "WHERE v.name = :name AND v.major = :major" + NEWEST)
  Optional<AssetRows.VersionRow> findNewestOf(@Bind("name") byte[] name, @Bind("major") long major);

  /** Returns versions, newest first, from before one on. */
  @SqlQuery(
      VERSION
          + "WHERE v.name = :name AND (v.major, v.minor) < (:beforeMajor, :beforeMinor)"
          + " ORDER BY v.major DESC, v.minor DESC FETCH FIRST :limit ROWS ONLY")
  List<AssetRows.VersionRow> listVersions(
      @Bind("name") byte[] name,
      @Bind("beforeMajor") long beforeMajor,
      @Bind("beforeMinor") long beforeMinor,
      @Bind("limit") int limit);

  /** Returns the facts about a range of versions, its ends included. */
  @SqlQuery(
      """
      SELECT major, minor, metadata_key, metadata_value FROM asset_metadata
      WHERE name = :name AND (major, minor) >= (:firstMajor, :firstMinor)
        AND (major, minor) <= (:lastMajor, :lastMinor)
      ORDER BY major, minor, metadata_key
      """)
  List<AssetRows.FactRow> listFacts(
      @Bind("name") byte[] name,
      @Bind("firstMajor") long firstMajor,
      @Bind("firstMinor") long firstMinor,
      @Bind("lastMajor") long lastMajor,
      @Bind("lastMinor") long lastMinor);

  /** Adds a version. */
  @SqlUpdate(
      """
      INSERT INTO asset_version
        (name, major, minor, manifest_id, is_directory, author, description, text_bytes,
         request_id, request_fingerprint, create_time)
      VALUES
        (:name, :major, :minor, :manifestId, :directory, :author, :description, :textBytes,
         :requestId, :fingerprint, :now)
      """)
  void insertVersion(
      @Bind("name") byte[] name,
      @Bind("major") long major,
      @Bind("minor") long minor,
      @Bind("manifestId") long manifestId,
      @Bind("directory") boolean directory,
      @Bind("author") String author,
      @Bind("description") String description,
      @Bind("textBytes") int textBytes,
      @Bind("requestId") String requestId,
      @Bind("fingerprint") String fingerprint,
      @Bind("now") OffsetDateTime now);

  /** Adds facts about a version. */
  @SqlBatch(
      """
      INSERT INTO asset_metadata (name, major, minor, metadata_key, metadata_value)
      VALUES (:name, :major, :minor, :metadataKey, :metadataValue)
      """)
  void insertFacts(
      @SingleValue @Bind("name") byte[] name, @BindMethods List<AssetRows.FactRow> facts);
}

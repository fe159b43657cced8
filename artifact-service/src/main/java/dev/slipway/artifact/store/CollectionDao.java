package dev.slipway.artifact.store;

import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.customizer.BindList;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Is the SQL of garbage collections. No list of digests is empty. */
@RegisterConstructorMapper(CollectionDao.Row.class)
public interface CollectionDao {
  /**
   * Is content as a collection looks at it.
   *
   * @param sha256 its digest
   * @param sizeBytes its size
   * @param state number of its {@link BlobState}
   * @param condemnTime when it was condemned
   * @param referenced whether anything keeps it
   * @param inManifest whether a manifest lists it, be it held or not
   */
  record Row(
      String sha256,
      long sizeBytes,
      int state,
      Optional<OffsetDateTime> condemnTime,
      boolean referenced,
      boolean inManifest) {}

  /** What {@link Row} is made of. */
  String COLUMNS =
      "SELECT b.sha256, b.size_bytes, b.state, b.condemn_time, "
          + References.CONTENT_IS_REFERENCED
          + " AS referenced,"
          + " EXISTS (SELECT 1 FROM manifest_entry me WHERE me.sha256 = b.sha256) AS in_manifest";

  /**
   * Returns content in order of digest. The page is taken before references are looked for, so that
   * each is looked up by index, however large the tables are.
   */
  @SqlQuery(
      COLUMNS
          + " FROM (SELECT sha256, size_bytes, state, condemn_time FROM blob"
          + " WHERE sha256 > :after ORDER BY sha256 FETCH FIRST :limit ROWS ONLY) b"
          + " ORDER BY b.sha256")
  List<Row> list(@Bind("after") String after, @Bind("limit") int limit);

  /** Returns some contents as they are now. */
  @SqlQuery(COLUMNS + " FROM blob b WHERE b.sha256 IN (<digests>) ORDER BY b.sha256")
  List<Row> find(@BindList("digests") List<String> digests);

  /** Locks those of some contents that nobody else has locked. */
  @SqlQuery(
      """
      SELECT sha256 FROM blob WHERE sha256 IN (<digests>)
      ORDER BY sha256 FOR UPDATE SKIP LOCKED
      """)
  List<String> lockFree(@BindList("digests") List<String> digests);

  /** Locks content that is being removed, and returns it. */
  @SqlQuery("SELECT sha256 FROM blob WHERE sha256 = :sha256 AND state = 4 FOR UPDATE")
  Optional<String> lockRemoving(@Bind("sha256") String sha256);

  /** Returns those of some digests that rows name. */
  @SqlQuery("SELECT sha256 FROM blob WHERE sha256 IN (<digests>) ORDER BY sha256")
  List<String> findKnown(@BindList("digests") List<String> digests);

  /** Adds content that is condemned already, and whose bytes nobody has read. */
  @SqlUpdate(
      """
      INSERT INTO blob (sha256, size_bytes, create_time, state, condemn_time, suspect)
      VALUES (:sha256, :sizeBytes, :now, 2, :now, TRUE)
      """)
  void insertCondemned(
      @Bind("sha256") String sha256,
      @Bind("sizeBytes") long sizeBytes,
      @Bind("now") OffsetDateTime now);

  /** Condemns content. */
  @SqlUpdate("UPDATE blob SET state = 2, condemn_time = :now WHERE sha256 IN (<digests>)")
  void condemn(@BindList("digests") List<String> digests, @Bind("now") OffsetDateTime now);

  /** Puts content back into use. */
  @SqlUpdate("UPDATE blob SET state = 1, condemn_time = NULL WHERE sha256 IN (<digests>)")
  void putBack(@BindList("digests") List<String> digests);

  /** Begins to remove content. */
  @SqlUpdate("UPDATE blob SET state = 4 WHERE sha256 IN (<digests>)")
  void beginRemoval(@BindList("digests") List<String> digests);

  /** Removes the row of content. */
  @SqlUpdate("DELETE FROM blob WHERE sha256 = :sha256")
  void delete(@Bind("sha256") String sha256);

  /** Counts the manifests that nobody keeps. */
  @SqlQuery(
      "SELECT COUNT(*) FROM manifest m WHERE digest IS NULL OR NOT " + References.MANIFEST_IS_HELD)
  long countUnheldManifests();

  /** Returns some manifests that nobody keeps, those first whose removal was cut off. */
  @SqlQuery(
      "SELECT manifest_id FROM manifest m WHERE digest IS NULL OR NOT "
          + References.MANIFEST_IS_HELD
          + " ORDER BY digest IS NOT NULL, manifest_id FETCH FIRST :limit ROWS ONLY")
  List<Long> listUnheldManifests(@Bind("limit") int limit);

  /** Makes manifests unknown unless somebody keeps them. */
  @SqlUpdate(
      "UPDATE manifest m SET digest = NULL WHERE manifest_id IN (<ids>) AND NOT "
          + References.MANIFEST_IS_HELD)
  void beginManifestRemoval(@BindList("ids") List<Long> ids);

  /** Returns those of some manifests that are unknown, and so to be removed. */
  @SqlQuery(
      """
      SELECT manifest_id FROM manifest WHERE manifest_id IN (<ids>) AND digest IS NULL
      ORDER BY manifest_id
      """)
  List<Long> findUnknownManifests(@BindList("ids") List<Long> ids);

  /** Removes some files of a manifest and returns how many. */
  @SqlUpdate(
      """
      DELETE FROM manifest_entry WHERE manifest_id = :id AND path IN (
        SELECT path FROM manifest_entry WHERE manifest_id = :id
        ORDER BY path FETCH FIRST :limit ROWS ONLY)
      """)
  int deleteManifestEntries(@Bind("id") long id, @Bind("limit") int limit);

  /** Removes a manifest that has no files any more. */
  @SqlUpdate("DELETE FROM manifest WHERE manifest_id = :id AND digest IS NULL")
  int deleteManifest(@Bind("id") long id);
}

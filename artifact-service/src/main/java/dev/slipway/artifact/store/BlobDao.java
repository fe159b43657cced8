package dev.slipway.artifact.store;

import java.time.OffsetDateTime;
import java.util.Optional;
import org.jdbi.v3.sqlobject.config.RegisterConstructorMapper;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Is the SQL of single contents. */
@RegisterConstructorMapper(BlobDao.BlobRow.class)
public interface BlobDao {
  /**
   * Is what a row says of content.
   *
   * @param sizeBytes its size
   * @param state number of its {@link BlobState}
   * @param suspect whether its bytes are not, or not known to be, those of its digest
   */
  record BlobRow(long sizeBytes, int state, boolean suspect) {
    boolean isRemoving() {
      return state == BlobState.REMOVING.number();
    }
  }

  /** Returns content that a row names. */
  @SqlQuery("SELECT size_bytes, state, suspect FROM blob WHERE sha256 = :sha256")
  Optional<BlobRow> find(@Bind("sha256") String sha256);

  /** Returns how often content has begun to be removed. */
  @SqlQuery("SELECT removals FROM maintenance")
  long removals();

  /** Locks a row against everybody. */
  @SqlQuery("SELECT size_bytes, state, suspect FROM blob WHERE sha256 = :sha256 FOR UPDATE")
  Optional<BlobRow> lock(@Bind("sha256") String sha256);

  /** Locks a row against collections, together with others who do so. PostgreSQL only. */
  @SqlQuery("SELECT size_bytes, state, suspect FROM blob WHERE sha256 = :sha256 FOR KEY SHARE")
  Optional<BlobRow> lockAgainstCollection(@Bind("sha256") String sha256);

  /** Adds content. */
  @SqlUpdate(
      "INSERT INTO blob (sha256, size_bytes, create_time) VALUES (:sha256, :sizeBytes, :now)")
  void insert(
      @Bind("sha256") String sha256,
      @Bind("sizeBytes") long sizeBytes,
      @Bind("now") OffsetDateTime now);

  /** Notes that the bytes of content were stored anew, and how many they are. */
  @SqlUpdate("UPDATE blob SET suspect = FALSE, size_bytes = :sizeBytes WHERE sha256 = :sha256")
  void trust(@Bind("sha256") String sha256, @Bind("sizeBytes") long sizeBytes);

  /** Notes that the bytes of content are not those of its digest. */
  @SqlUpdate("UPDATE blob SET suspect = TRUE WHERE sha256 = :sha256 AND state <> 4")
  void suspect(@Bind("sha256") String sha256);

  /** Notes that condemned content is bound again. */
  @SqlUpdate("UPDATE blob SET state = 3, condemn_time = NULL WHERE sha256 = :sha256 AND state = 2")
  void revive(@Bind("sha256") String sha256);
}

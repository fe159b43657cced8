package dev.slipway.registry.store;

import java.time.Instant;
import java.util.List;
import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.statement.SqlBatch;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and writes {@code package_hold}. */
public interface PackageHoldDao {
  /** Inserts holds in a state. */
  @SqlBatch("INSERT INTO package_hold (holder, state, since) VALUES (:holder, :state, :since)")
  void insert(
      @Bind("holder") List<String> holders,
      @Bind("state") String state,
      @Bind("since") Instant since);

  /** Deletes a hold of a registration; returns 0 when it was swept. */
  @SqlUpdate("DELETE FROM package_hold WHERE holder = :holder AND state = 'REGISTERING'")
  int deleteRegistering(@Bind("holder") String holder);

  /**
   * Marks a hold of a registration as to be released; returns 0 when it is gone, because a version
   * has taken it over, or is marked already.
   */
  @SqlUpdate(
      "UPDATE package_hold SET state = 'RELEASING' WHERE holder = :holder AND state ="
          + " 'REGISTERING'")
  int markReleasing(@Bind("holder") String holder);

  /** Marks the holds of registrations that began before a time as to be released. */
  @SqlUpdate(
      "UPDATE package_hold SET state = 'RELEASING' WHERE state = 'REGISTERING' AND since < :before")
  int markAbandoned(@Bind("before") Instant before);

  /** Deletes a hold that was released. */
  @SqlUpdate("DELETE FROM package_hold WHERE holder = :holder AND state = 'RELEASING'")
  void deleteReleased(@Bind("holder") String holder);

  /** Lists holds that are to be released, after a holder, by holder. */
  @SqlQuery(
      """
      SELECT holder FROM package_hold WHERE state = 'RELEASING' AND holder > :after ORDER BY holder
      FETCH FIRST :limit ROWS ONLY
      """)
  List<String> listReleasing(@Bind("after") String after, @Bind("limit") int limit);
}

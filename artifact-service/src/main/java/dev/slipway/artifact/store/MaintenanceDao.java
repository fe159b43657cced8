package dev.slipway.artifact.store;

import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Is the SQL of who is at work on the whole store. Times are those of the database. */
public interface MaintenanceDao {
  /**
   * Waits until no collection decides on content, and makes those that want to wait until the
   * transaction ends.
   */
  @SqlQuery("SELECT removals FROM maintenance WHERE id = 1 FOR UPDATE")
  long lockOutDecisions();

  /** Notes that content begins to be removed; the row is locked by the caller. */
  @SqlUpdate("UPDATE maintenance SET removals = removals + 1 WHERE id = 1")
  void countRemoval();

  /** Takes the lease unless somebody else has it; returns 1 then. */
  @SqlUpdate(
      """
      UPDATE maintenance
      SET holder = :holder, expire_time = CURRENT_TIMESTAMP + INTERVAL '120' SECOND
      WHERE id = 1 AND (holder IS NULL OR expire_time < CURRENT_TIMESTAMP)
      """)
  int acquire(@Bind("holder") String holder);

  /** Prolongs the lease; returns 0 when it was lost. */
  @SqlUpdate(
      """
      UPDATE maintenance
      SET expire_time = CURRENT_TIMESTAMP + INTERVAL '120' SECOND
      WHERE id = 1 AND holder = :holder
      """)
  int renew(@Bind("holder") String holder);

  /** Gives the lease back. */
  @SqlUpdate(
      "UPDATE maintenance SET holder = NULL, expire_time = NULL WHERE id = 1 AND holder = :holder")
  void release(@Bind("holder") String holder);
}

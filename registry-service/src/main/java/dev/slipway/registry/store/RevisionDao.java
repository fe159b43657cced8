package dev.slipway.registry.store;

import org.jdbi.v3.sqlobject.customizer.Bind;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;

/** Reads and moves the one revision row. */
public interface RevisionDao {
  /** Locks the row until the transaction ends and returns the present revision. */
  @SqlQuery("SELECT revision FROM registry_revision WHERE id = 1 FOR UPDATE")
  long lock();

  /** Returns the present revision. */
  @SqlQuery("SELECT revision FROM registry_revision WHERE id = 1")
  long get();

  /** Sets the revision. */
  @SqlUpdate("UPDATE registry_revision SET revision = :revision WHERE id = 1")
  void set(@Bind("revision") long revision);
}

package dev.slipway.runtime.database;

/** Names the databases that a service runs on, for the few statements that cannot be shared. */
public enum Dialect {
  /** H2 in its PostgreSQL mode, embedded in the process. */
  H2,
  /** PostgreSQL, or a database that speaks its protocol. */
  POSTGRESQL
}

package dev.slipway.artifact.store;

import dev.slipway.artifact.maintenance.MaintenanceRunningException;
import dev.slipway.runtime.database.Database;
import java.util.UUID;

/**
 * Lets one collection or check work at a time, whatever replica it runs on. Whoever works renews
 * its lease more often than every two minutes; one that died is forgotten after that. What is kept
 * and removed does not hang on it: decisions are safe by the locks of their rows. Thread-safe.
 */
public final class MaintenanceStore {
  private final Database database;

  /** Creates the store on a migrated database. */
  public MaintenanceStore(Database database) {
    this.database = database;
  }

  /**
   * Begins to work; returns the name under which the lease is renewed and given back.
   *
   * @throws MaintenanceRunningException if somebody is at work
   */
  public String acquire() {
    String holder = UUID.randomUUID().toString();
    int taken = database.write(handle -> handle.attach(MaintenanceDao.class).acquire(holder));
    if (taken == 0) {
      throw new MaintenanceRunningException();
    }
    return holder;
  }

  /**
   * Goes on working for two minutes from now.
   *
   * @throws MaintenanceRunningException if the lease ran out and somebody else took it
   */
  public void renew(String holder) {
    int renewed = database.write(handle -> handle.attach(MaintenanceDao.class).renew(holder));
    if (renewed == 0) {
      throw new MaintenanceRunningException();
    }
  }

  /** Ends the work; does nothing when the lease was lost. */
  public void release(String holder) {
    database.write(
        handle -> {
          handle.attach(MaintenanceDao.class).release(holder);
          return null;
        });
  }
}

package dev.slipway.artifact.service;

import dev.slipway.artifact.store.MaintenanceStore;
import java.util.concurrent.TimeUnit;

/** Is the right to work on the whole store, alone. For one thread. */
final class MaintenanceLease implements AutoCloseable {
  private static final long RENEWAL_NANOS = TimeUnit.SECONDS.toNanos(20);

  private final MaintenanceStore store;
  private final String holder;
  private long renewed = System.nanoTime();

  private MaintenanceLease(MaintenanceStore store, String holder) {
    this.store = store;
    this.holder = holder;
  }

  /**
   * Begins to work.
   *
   * @throws dev.slipway.artifact.maintenance.MaintenanceRunningException if somebody else is at
   *     work
   */
  static MaintenanceLease take(MaintenanceStore store) {
    return new MaintenanceLease(store, store.acquire());
  }

  /**
   * Says that work goes on; to be called at least every minute.
   *
   * @throws dev.slipway.artifact.maintenance.MaintenanceRunningException if the lease was lost
   */
  void renewIfDue() {
    long now = System.nanoTime();
    if (now - renewed >= RENEWAL_NANOS) {
      store.renew(holder);
      renewed = now;
    }
  }

  @Override
  public void close() {
    store.release(holder);
  }
}

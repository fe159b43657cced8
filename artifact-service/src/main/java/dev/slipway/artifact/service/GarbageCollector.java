package dev.slipway.artifact.service;

import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.maintenance.CollectionCounts;
import dev.slipway.artifact.store.CollectionStore;
import dev.slipway.artifact.store.MaintenanceStore;
import java.time.Clock;
import java.time.Duration;
import java.util.function.Predicate;

/**
 * Removes what nothing refers to, in two phases: what is found without reference is condemned, and
 * removed by a collection that finds it still so after the grace period. Thread-safe; one works at
 * a time.
 */
public final class GarbageCollector {
  private final MaintenanceStore maintenance;
  private final CollectionStore collections;
  private final BlobStore blobs;
  private final UploadSpool spool;
  private final PresignedUploads presigned;
  private final AbandonedPushes pushes;
  private final Clock clock;

  /** Creates the collector over the stores. */
  public GarbageCollector(
      MaintenanceStore maintenance,
      CollectionStore collections,
      BlobStore blobs,
      UploadSpool spool,
      PresignedUploads presigned,
      AbandonedPushes pushes,
      Clock clock) {
    this.maintenance = maintenance;
    this.collections = collections;
    this.blobs = blobs;
    this.spool = spool;
    this.presigned = presigned;
    this.pushes = pushes;
    this.clock = clock;
  }

  /**
   * Collects, and returns what was done. Whatever ends it early, the next collection goes on.
   *
   * @param dryRun whether only to count what would be done
   * @param gracePeriod how long content stays after it was condemned, 0 or more; what this very
   *     collection condemns stays in any case
   * @param goesOn is told how far it came every few hundred contents, and says whether to go on
   * @throws dev.slipway.artifact.maintenance.MaintenanceRunningException if a collection or a check
   *     is at work already
   */
  public CollectionCounts collect(
      boolean dryRun, Duration gracePeriod, Predicate<CollectionCounts> goesOn) {
    try (MaintenanceLease lease = MaintenanceLease.take(maintenance)) {
      CollectionRun run =
          new CollectionRun(
              collections,
              blobs,
              clock,
              gracePeriod,
              counts -> {
                lease.renewIfDue();
                return goesOn.test(counts);
              });
      if (dryRun) {
        run.count(
            spool.countStale()
                + presigned.countStale(lease::renewIfDue)
                + pushes.count(lease::renewIfDue));
      } else {
        run.collect(
            spool.sweep() + presigned.sweep(lease::renewIfDue) + pushes.sweep(lease::renewIfDue));
      }
      return run.counts();
    }
  }
}

package dev.slipway.artifact.service;

import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.maintenance.CheckCounts;
import dev.slipway.artifact.maintenance.Finding;
import dev.slipway.artifact.store.ConsistencyStore;
import dev.slipway.artifact.store.MaintenanceStore;

/**
 * Compares what rows say with what the store has. Changes nothing, but has uploads store those
 * bytes anew that it found to be damaged. Thread-safe.
 */
public final class ConsistencyCheck {
  private final MaintenanceStore maintenance;
  private final ConsistencyStore rows;
  private final BlobStore blobs;

  /** Creates the check over the stores. */
  public ConsistencyCheck(MaintenanceStore maintenance, ConsistencyStore rows, BlobStore blobs) {
    this.maintenance = maintenance;
    this.rows = rows;
    this.blobs = blobs;
  }

  /** Hears of a check as it goes on, from the thread that checks. */
  public interface Listener {
    /** Is told of a difference. */
    void found(Finding finding);

    /** Is told how far it came, at least once per content and 8 MiB; says whether to go on. */
    boolean goesOn(CheckCounts counts);
  }

  /**
   * Checks, and returns how far it came. Memory does not depend on how much there is.
   *
   * @param below only what the artifacts at or below this path are bound to; the root: everything,
   *     also what nothing refers to
   * @param verifyContent whether to read all bytes and compare their digests
   * @throws dev.slipway.artifact.maintenance.MaintenanceRunningException if a collection or a check
   *     is at work already
   */
  public CheckCounts check(ArtifactPath below, boolean verifyContent, Listener listener) {
    try (MaintenanceLease lease = MaintenanceLease.take(maintenance)) {
      return new CheckRun(rows, blobs, verifyContent, lease, listener).run(below);
    }
  }
}

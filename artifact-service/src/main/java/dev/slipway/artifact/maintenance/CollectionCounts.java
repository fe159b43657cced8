package dev.slipway.artifact.maintenance;

/**
 * Tells how far a garbage collection came, since its beginning; of a dry run, what would be.
 *
 * @param examined contents that were looked at
 * @param condemned contents newly found without reference
 * @param condemnedBytes sum of their sizes
 * @param revived condemned contents that have a reference again
 * @param removed contents that were removed
 * @param removedBytes sum of their sizes
 * @param removedManifests manifests without holder that were removed
 * @param discardedUploads stale uploads that were discarded
 */
public record CollectionCounts(
    long examined,
    long condemned,
    long condemnedBytes,
    long revived,
    long removed,
    long removedBytes,
    long removedManifests,
    long discardedUploads) {}

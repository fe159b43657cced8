package dev.slipway.tracking.retention;

import java.util.List;

/**
 * Tells what a purge removed.
 *
 * @param artifactUris roots of artifacts that nothing refers to any more
 * @param more whether there is more to remove
 */
public record PurgeResult(PurgeCounts counts, List<String> artifactUris, boolean more) {
  /** Copies the list. */
  public PurgeResult {
    artifactUris = List.copyOf(artifactUris);
  }
}

package dev.slipway.registry.version;

import java.util.List;

/**
 * Is what a move did.
 *
 * @param version the version that moved, as it is now
 * @param archived versions that went to Archived to make room
 * @param revision revision of the registry after the call
 */
public record StageTransitionResult(
    ModelVersion version, List<ModelVersion> archived, long revision) {
  /** Copies the list. */
  public StageTransitionResult {
    archived = List.copyOf(archived);
  }
}

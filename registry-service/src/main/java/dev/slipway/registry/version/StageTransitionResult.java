package dev.slipway.registry.version;

import dev.slipway.registry.check.CheckReport;
import java.util.List;
import java.util.Optional;

/**
 * Is what a move did.
 *
 * @param version the version that moved, as it is now
 * @param archived versions that went to Archived to make room, lowest number first
 * @param checks verdicts of the checks that were run; absent when the move took none
 * @param revision revision of the registry after the call
 */
public record StageTransitionResult(
    ModelVersion version,
    List<ModelVersion> archived,
    Optional<CheckReport> checks,
    long revision) {
  /** Copies the list. */
  public StageTransitionResult {
    archived = List.copyOf(archived);
  }
}

package dev.slipway.registry.version;

import dev.slipway.registry.model.ModelName;
import java.util.Optional;

/**
 * Is a move of a version that a caller wants.
 *
 * @param archiveExisting whether another version that holds the stage goes to Archived; only for
 *     exclusive stages
 * @param expectedCurrent stage that the caller believes the version to be in; absent: any
 * @param force whether to pass by approvals and checks
 * @param requireChecks whether to refuse the move where nothing is checked; not with {@code force}
 */
public record StageTransition(
    ModelName name,
    VersionNumber version,
    Stage stage,
    boolean archiveExisting,
    Optional<Stage> expectedCurrent,
    boolean force,
    boolean requireChecks,
    String comment) {
  /**
   * Checks that the version is where the caller believes it to be.
   *
   * @throws StageChangedException if it is not
   */
  public void requireExpected(ModelVersion current) {
    if (expectedCurrent.isPresent() && expectedCurrent.get() != current.stage()) {
      throw StageChangedException.ofVersion(version, expectedCurrent.get(), current.stage());
    }
  }
}

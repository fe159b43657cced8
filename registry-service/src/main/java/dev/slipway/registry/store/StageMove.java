package dev.slipway.registry.store;

import dev.slipway.registry.policy.CheckBasis;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
import java.util.List;
import java.util.Optional;

/**
 * Is a move that state and policy allow at one moment.
 *
 * @param version the version to move, as it is
 * @param displaced versions that go to Archived to make room, lowest number first
 * @param forced whether a role is used to pass by approvals and checks
 * @param checks what must pass still; absent when nothing does
 */
record StageMove(
    RegisteredModelRow model,
    ModelVersion version,
    Stage stage,
    List<VersionNumber> displaced,
    boolean forced,
    Optional<CheckBasis> checks) {
  StageMove {
    displaced = List.copyOf(displaced);
  }
}

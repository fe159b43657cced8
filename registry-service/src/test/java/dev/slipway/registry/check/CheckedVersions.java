package dev.slipway.registry.check;

import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.registry.actor.ChangeStamp;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.ModelVersionState;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.version.VersionOrigin;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes versions that checks look at. */
final class CheckedVersions {
  private CheckedVersions() {}

  static ModelVersion version(long number, Optional<ModelSignature> signature) {
    Instant at = Instant.parse("2026-01-02T03:04:05Z");
    return new ModelVersion(
        new ModelName("digits"),
        new VersionNumber(number),
        ModelVersionState.READY,
        "",
        Stage.NONE,
        at,
        List.of(),
        "",
        Map.of(),
        new VersionOrigin("", Optional.empty(), Optional.empty(), "", ""),
        Optional.empty(),
        Optional.empty(),
        0,
        signature,
        List.of(),
        new ChangeStamp(at, "anna", at, "anna", 1));
  }

  /** Returns a version as the holder of the stage. */
  static Optional<Predecessor> holder(ModelVersion version) {
    return Optional.of(new Predecessor(version, false));
  }
}

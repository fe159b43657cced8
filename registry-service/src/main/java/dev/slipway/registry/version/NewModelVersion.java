package dev.slipway.registry.version;

import dev.slipway.registry.model.ModelName;
import java.util.Map;
import java.util.Optional;

/**
 * Is a version that a caller wants to register.
 *
 * @param runId absent: taken from source or package
 * @param allowMissingModelFile whether a package without {@code MLmodel} is accepted
 * @param deferPackage whether the package is read later
 */
public record NewModelVersion(
    ModelName name,
    PackageSource source,
    Optional<RunId> runId,
    String runLink,
    String description,
    Map<String, String> tags,
    String loggedModelId,
    boolean allowMissingModelFile,
    boolean deferPackage) {
  /** Copies the map. */
  public NewModelVersion {
    tags = Map.copyOf(tags);
  }
}

package dev.slipway.serving.catalog;

import java.time.Instant;
import java.util.List;
import java.util.Objects;

/**
 * What the registry says of one version.
 *
 * @param key model and number
 * @param stage the stage that it is in
 * @param readiness whether the registry holds its package
 * @param aliases aliases that point to it, ascending
 * @param packageDigest digest of its package, 64 hex digits; empty when it has none
 * @param runId run that produced it; empty when unknown
 * @param source where its package came from, as registered
 * @param description text for people; may be empty
 * @param createTime when it was registered
 */
public record CatalogVersion(
    VersionKey key,
    Stage stage,
    Readiness readiness,
    List<String> aliases,
    String packageDigest,
    String runId,
    String source,
    String description,
    Instant createTime) {

  /** Whether the registry holds a version's package. */
  public enum Readiness {
    /** The package has not been read yet. */
    PENDING,
    /** The package is frozen. */
    READY,
    /** The package could not be read and never will be. */
    FAILED
  }

  /** Checks that all parts are there and copies the aliases. */
  public CatalogVersion {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(stage, "stage");
    Objects.requireNonNull(readiness, "readiness");
    aliases = aliases.stream().sorted().toList();
    Objects.requireNonNull(packageDigest, "packageDigest");
    Objects.requireNonNull(runId, "runId");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(description, "description");
    Objects.requireNonNull(createTime, "createTime");
  }

  /** Returns the same version under another model name, as after a rename. */
  CatalogVersion renamed(String model) {
    return new CatalogVersion(
        new VersionKey(model, key.version()),
        stage,
        readiness,
        aliases,
        packageDigest,
        runId,
        source,
        description,
        createTime);
  }
}

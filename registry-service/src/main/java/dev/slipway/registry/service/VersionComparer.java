package dev.slipway.registry.service;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.store.ModelVersionStore;
import dev.slipway.registry.upstream.RunLookup;
import dev.slipway.registry.version.VersionNumber;

/** Compares versions of one model, or of two. Thread-safe. */
public final class VersionComparer {
  private final ModelVersionStore versions;
  private final RunLookup runs;

  /** Creates the comparer. */
  public VersionComparer(ModelVersionStore versions, RunLookup runs) {
    this.versions = versions;
    this.runs = runs;
  }

  /** Compares two versions; the proto of CompareModelVersions lists the failures. */
  public VersionComparison compare(
      ModelName name, VersionNumber number, ModelName otherName, VersionNumber otherNumber) {
    return VersionComparison.of(
        versions.get(name, number), versions.get(otherName, otherNumber), runs);
  }
}

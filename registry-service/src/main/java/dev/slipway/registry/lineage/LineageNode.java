package dev.slipway.registry.lineage;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.VersionNumber;

/** Is a thing that was made from others, or that others were made from. */
public sealed interface LineageNode {
  /** Is a version of this registry. */
  record OfVersion(ModelName name, VersionNumber number) implements LineageNode {}

  /** Is a run of the tracking service. */
  record OfRun(RunId id) implements LineageNode {}

  /**
   * Is a dataset that runs took as input.
   *
   * @param experimentId experiment whose runs took it; empty for any
   */
  record OfDataset(String name, String digest, String experimentId) implements LineageNode {}
}

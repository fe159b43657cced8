package dev.slipway.artifact.asset;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Sha256;

/** Says where the files of a new version come from. */
public sealed interface AssetSource {
  /**
   * Is the files at or below a path of the tree.
   *
   * @param path not the root
   * @param delete whether to delete the path in the same step
   */
  record Tree(ArtifactPath path, boolean delete) implements AssetSource {}

  /**
   * Is the files of a manifest that is recorded.
   *
   * @param digest names the manifest
   */
  record Recorded(Sha256 digest) implements AssetSource {}
}

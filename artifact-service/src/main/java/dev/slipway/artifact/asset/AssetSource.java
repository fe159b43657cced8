package dev.slipway.artifact.asset;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Sha256;
import java.util.OptionalLong;

/** Says where the files of a new version come from. */
public sealed interface AssetSource {
  /**
   * Is the files at or below a path of the tree.
   *
   * @param path not the root
   * @param delete whether to delete the path in the same step
   * @param fileCount how many files there must be; empty: any number
   */
  record Tree(ArtifactPath path, boolean delete, OptionalLong fileCount) implements AssetSource {
    /** Is as many files as there are. */
    public Tree(ArtifactPath path, boolean delete) {
      this(path, delete, OptionalLong.empty());
    }
  }

  /**
   * Is the files of a manifest that is recorded.
   *
   * @param digest names the manifest
   */
  record Recorded(Sha256 digest) implements AssetSource {}
}

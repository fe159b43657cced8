package dev.slipway.artifact.asset;

import dev.slipway.artifact.content.Sha256;
import java.time.Instant;
import java.util.Map;

/**
 * Is one immutable version of an asset.
 *
 * @param name the asset
 * @param number the version
 * @param manifest names the manifest of its files
 * @param directory whether it is a folder; otherwise the manifest has exactly one entry
 * @param sizeBytes sum of the sizes of its files
 * @param fileCount number of its files, 1 or more
 * @param notes what was said about it
 * @param createTime when it was pushed
 */
public record AssetVersion(
    AssetName name,
    VersionNumber number,
    Sha256 manifest,
    boolean directory,
    long sizeBytes,
    long fileCount,
    AssetNotes notes,
    Instant createTime) {
  /** Returns the version with these facts about it. */
  public AssetVersion withMetadata(Map<String, String> metadata) {
    return new AssetVersion(
        name,
        number,
        manifest,
        directory,
        sizeBytes,
        fileCount,
        AssetNotes.of(notes.author(), notes.description(), metadata),
        createTime);
  }
}

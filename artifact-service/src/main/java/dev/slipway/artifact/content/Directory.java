package dev.slipway.artifact.content;

/**
 * Is a folder, known by the artifacts below it.
 *
 * @param path where it lies; the root is a directory too
 * @param fileCount number of artifacts at any depth; 0 where it was not asked for
 * @param sizeBytes sum of their sizes; 0 where it was not asked for
 */
public record Directory(ArtifactPath path, long fileCount, long sizeBytes) implements Entry {
  /** Creates a directory whose totals were not asked for. */
  public Directory(ArtifactPath path) {
    this(path, 0, 0);
  }
}

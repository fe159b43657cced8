package dev.slipway.artifact.maintenance;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Sha256;
import java.util.List;

/**
 * Is one difference between rows and store. Immutable.
 *
 * @param kind what is wrong
 * @param sha256 the content concerned
 * @param recordedBytes size that the row states; 0 when there is no row
 * @param storedBytes size that the store has; 0 when it has nothing
 * @param paths some of the paths that refer to it, sorted
 * @param holders some of the holders that refer to it through a manifest, sorted
 */
public record Finding(
    FindingKind kind,
    Sha256 sha256,
    long recordedBytes,
    long storedBytes,
    List<ArtifactPath> paths,
    List<String> holders) {
  /** Copies the lists. */
  public Finding {
    paths = List.copyOf(paths);
    holders = List.copyOf(holders);
  }
}

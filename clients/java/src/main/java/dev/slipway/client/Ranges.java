package dev.slipway.client;

import dev.slipway.artifact.v1.Artifact;

/**
 * Is how one file is cut into ranges, each downloaded by itself.
 *
 * @param artifact digest and size of the file
 * @param rangeBytes how long each range is, but for the last, 1 or more
 */
record Ranges(Artifact artifact, long rangeBytes) {
  /** So that the note of which ranges are there stays small, however large the file is. */
  private static final int MAX_RANGES = 100_000;

  /** Cuts a file into ranges of some length, or of more where there would be too many. */
  static Ranges of(Artifact artifact, long rangeBytes) {
    return new Ranges(artifact, Math.max(rangeBytes, artifact.getSizeBytes() / MAX_RANGES + 1));
  }

  /** Returns how many there are. */
  int count() {
    return (int) ((artifact.getSizeBytes() + rangeBytes - 1) / rangeBytes);
  }

  /** Returns where a range begins; for one that is not there behind the end of the file. */
  long offset(int range) {
    return range * rangeBytes;
  }

  /** Returns how long a range is. */
  long length(int range) {
    return Math.min(rangeBytes, artifact.getSizeBytes() - offset(range));
  }

  /** Says what is downloaded and how it is cut. */
  String describe() {
    return artifact.getSha256() + ' ' + artifact.getSizeBytes() + ' ' + rangeBytes;
  }
}

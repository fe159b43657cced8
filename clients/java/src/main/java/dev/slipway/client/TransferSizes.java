package dev.slipway.client;

import dev.slipway.artifact.v1.Artifact;
import java.util.OptionalLong;

/**
 * Says from which size on files are moved in pieces, and how large those are.
 *
 * @param directBytes from this size on files go up straight to the store
 * @param partBytes how large the parts of these are; without it as the service says
 * @param rangeBytes how large the ranges are in which files come down that have two or more of them
 */
record TransferSizes(long directBytes, OptionalLong partBytes, long rangeBytes) {
  /** A file of less than 8 MiB is up before its parts would be. */
  static final TransferSizes DEFAULT = new TransferSizes(8 << 20, OptionalLong.empty(), 16 << 20);

  /** Returns whether a file is large enough to go up straight to the store. */
  boolean suitParts(long sizeBytes) {
    return sizeBytes >= directBytes;
  }

  /** Returns whether a file is large enough to come down in ranges. */
  boolean suitRanges(long sizeBytes) {
    return sizeBytes >= 2 * rangeBytes;
  }

  /** Returns how a file is cut for its download. */
  Ranges ranges(Artifact artifact) {
    return Ranges.of(artifact, rangeBytes);
  }
}

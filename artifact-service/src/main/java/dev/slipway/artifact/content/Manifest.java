package dev.slipway.artifact.content;

import java.time.Instant;

/**
 * Describes all files below a path at one moment, without naming them.
 *
 * @param digest SHA-256 of the canonical text, see {@link ManifestDigest}
 * @param sizeBytes sum of the sizes of the files
 * @param fileCount number of files, 1 or more
 * @param createTime when the digest was first recorded
 */
public record Manifest(Sha256 digest, long sizeBytes, long fileCount, Instant createTime) {
  /** Most files that a manifest may have. */
  public static final long MAX_FILES = 1_000_000;
}

package dev.slipway.artifact.content;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * Computes the digest of a manifest: the SHA-256 of one line per file, sorted by the UTF-8 bytes of
 * the relative path, each {@code <sha256> <size in decimal> <relative path>\n}. Takes files one by
 * one, so memory does not depend on their number. For one thread.
 */
public final class ManifestDigest {
  private final MessageDigest digest = Sha256.newDigest();
  private long sizeBytes;
  private long fileCount;

  /** Adds the next file; the caller adds them in order. */
  public void add(ManifestEntry entry) {
    Content content = entry.content();
    String line =
        content.sha256().hex() + ' ' + content.sizeBytes() + ' ' + entry.path().value() + '\n';
    digest.update(line.getBytes(StandardCharsets.UTF_8));
    sizeBytes = Math.addExact(sizeBytes, content.sizeBytes());
    fileCount++;
  }

  /** Returns the digest of the files that were added; to be called once. */
  public Sha256 finish() {
    return Sha256.of(digest);
  }

  /** Returns the sum of the sizes of the files that were added. */
  public long sizeBytes() {
    return sizeBytes;
  }

  /** Returns the number of files that were added. */
  public long fileCount() {
    return fileCount;
  }
}

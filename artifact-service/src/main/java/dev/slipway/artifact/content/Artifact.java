package dev.slipway.artifact.content;

import java.time.Instant;

/**
 * Is a file: a path bound to content. Immutable; an upload to the same path makes another artifact.
 *
 * @param path where it lies, not the root
 * @param sizeBytes number of bytes, 0 or more
 * @param sha256 digest of the bytes
 * @param contentType media type, not empty
 * @param createTime when the path was first bound to content
 * @param updateTime when the path was bound to this content
 */
public record Artifact(
    ArtifactPath path,
    long sizeBytes,
    Sha256 sha256,
    String contentType,
    Instant createTime,
    Instant updateTime)
    implements Entry {

  /** Returns its bytes. */
  public Content content() {
    return new Content(sha256, sizeBytes);
  }
}

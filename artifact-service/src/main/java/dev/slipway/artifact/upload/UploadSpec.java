package dev.slipway.artifact.upload;

import dev.slipway.artifact.content.Artifact;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Sha256;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Says what an upload is to become. Immutable.
 *
 * @param path where the artifact is to lie, not the root
 * @param uploadId by which it can be resumed
 * @param sizeBytes declared size
 * @param sha256 declared digest
 * @param contentType declared media type
 * @param createOnly whether to fail when the path has an artifact
 */
public record UploadSpec(
    ArtifactPath path,
    Optional<UploadId> uploadId,
    OptionalLong sizeBytes,
    Optional<Sha256> sha256,
    Optional<String> contentType,
    boolean createOnly) {

  /** Returns the same with another name. */
  public UploadSpec withUploadId(UploadId id) {
    return new UploadSpec(path, Optional.of(id), sizeBytes, sha256, contentType, createOnly);
  }

  /** Returns a name for messages: the id, or the path where there is none. */
  public String displayName() {
    return uploadId.map(UploadId::value).orElse(path.value());
  }

  /**
   * Returns whether an artifact may be what this asks for: its path, and what is declared of it.
   */
  public boolean describes(Artifact artifact) {
    return artifact.path().equals(path)
        && (sizeBytes.isEmpty() || sizeBytes.getAsLong() == artifact.sizeBytes())
        && (sha256.isEmpty() || sha256.get().equals(artifact.sha256()));
  }

  /** Refuses content whose size is not the declared one. */
  public void requireSize(long actualBytes) {
    if (sizeBytes.isPresent() && sizeBytes.getAsLong() != actualBytes) {
      throw new SizeMismatchException(sizeBytes.getAsLong(), actualBytes);
    }
  }

  /** Refuses content whose digest is not the declared one. */
  public void requireDigest(Sha256 actual) {
    if (sha256.isPresent() && !sha256.get().equals(actual)) {
      throw new DigestMismatchException(sha256.get(), actual);
    }
  }
}

package dev.slipway.artifact.rpc;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.upload.UploadSpec;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.UploadChunk;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.PageRequest;
import java.util.Optional;
import java.util.OptionalLong;

/** Reads messages into domain values, noting every violation. Stateless. */
final class ArtifactRequests {
  static final int MAX_CHUNK_BYTES = 1 << 20;
  static final int MAX_PAGE_SIZE = 1000;
  private static final int MAX_CONTENT_TYPE = 255;

  private ArtifactRequests() {}

  static UploadSpec uploadSpec(dev.slipway.artifact.v1.UploadSpec spec) {
    Violations violations = new Violations();
    Optional<UploadSpec> read = uploadSpec(spec, violations);
    violations.throwIfAny();
    return read.orElseThrow();
  }

  /** Reads a spec; empty when it has no good path, else to be used only without violations. */
  static Optional<UploadSpec> uploadSpec(
      dev.slipway.artifact.v1.UploadSpec spec, Violations violations) {
    Optional<ArtifactPath> path = filePath("spec.path", spec.getPath(), violations);
    Optional<UploadId> uploadId =
        spec.getUploadId().isEmpty()
            ? Optional.empty()
            : violations.parse("spec.upload_id", spec.getUploadId(), UploadId::new);
    OptionalLong size =
        spec.hasSizeBytes() ? OptionalLong.of(spec.getSizeBytes()) : OptionalLong.empty();
    if (spec.getSizeBytes() < 0) {
      violations.add("spec.size_bytes", "is " + spec.getSizeBytes() + "; must be 0 or more");
    }
    Optional<Sha256> sha256 =
        spec.getSha256().isEmpty()
            ? Optional.empty()
            : violations.parse("spec.sha256", spec.getSha256(), Sha256::new);
    String contentType = spec.getContentType();
    if (contentType.length() > MAX_CONTENT_TYPE
        || contentType.chars().anyMatch(c -> c < ' ' || c > '~')) {
      violations.add(
          "spec.content_type",
          "must be at most " + MAX_CONTENT_TYPE + " printable ASCII characters");
    }
    return path.map(
        safe ->
            new UploadSpec(
                safe,
                uploadId,
                size,
                sha256,
                contentType.isEmpty() ? Optional.empty() : Optional.of(contentType),
                spec.getCreateOnly()));
  }

  static void requireWellFormed(UploadChunk chunk) {
    Violations violations = new Violations();
    if (chunk.getOffset() < 0) {
      violations.add("chunk.offset", "is " + chunk.getOffset() + "; must be 0 or more");
    }
    if (chunk.getData().isEmpty()) {
      violations.add("chunk.data", "is required");
    } else if (chunk.getData().size() > MAX_CHUNK_BYTES) {
      violations.add(
          "chunk.data", "has " + chunk.getData().size() + " bytes; at most 1048576 are allowed");
    }
    violations.throwIfAny();
  }

  /** Checks offset and length and that there is a source; the source itself is read by its kind. */
  static void requireWellFormed(DownloadRequest request) {
    Violations violations = new Violations();
    requireSource(
        request.hasPath(), request.getPath(), request.hasSha256(), request.getSha256(), violations);
    if (request.getOffset() < 0) {
      violations.add("offset", "is " + request.getOffset() + "; must be 0 or more");
    }
    if (request.getLength() < 0) {
      violations.add("length", "is " + request.getLength() + "; must be 0 (to the end) or more");
    }
    violations.throwIfAny();
  }

  static void requireSource(
      boolean hasPath, String path, boolean hasSha256, String sha256, Violations violations) {
    if (hasPath) {
      var unused = filePath("path", path, violations);
    } else if (hasSha256) {
      var unused = violations.parse("sha256", sha256, Sha256::new);
    } else {
      violations.add("source", "path or sha256 is required");
    }
  }

  static UploadId uploadId(String uploadId) {
    if (uploadId.isEmpty()) {
      throw InvalidRequestException.of("upload_id", "is required");
    }
    Violations violations = new Violations();
    Optional<UploadId> id = violations.parse("upload_id", uploadId, UploadId::new);
    violations.throwIfAny();
    return id.orElseThrow();
  }

  /** Reads a path that may be the root. */
  static Optional<ArtifactPath> path(String field, String path, Violations violations) {
    return violations.parse(field, path, ArtifactPath::new);
  }

  /** Reads a path that may not be the root. */
  static Optional<ArtifactPath> filePath(String field, String path, Violations violations) {
    if (path.isEmpty()) {
      violations.add(field, "is required");
      return Optional.empty();
    }
    return path(field, path, violations);
  }

  static PageRequest page(int size, String token, String fingerprint, Violations violations) {
    return PageRequest.of(size, token, MAX_PAGE_SIZE, MAX_PAGE_SIZE, fingerprint, violations);
  }
}

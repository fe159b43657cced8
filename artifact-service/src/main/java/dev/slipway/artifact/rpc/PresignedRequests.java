package dev.slipway.artifact.rpc;

import dev.slipway.artifact.blob.DirectTransfers;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.service.PresignedUploads.UrlRange;
import dev.slipway.artifact.upload.PartPlan;
import dev.slipway.artifact.upload.UploadSpec;
import dev.slipway.artifact.v1.CompleteUploadRequest;
import dev.slipway.artifact.v1.CompletedPart;
import dev.slipway.artifact.v1.CreateDownloadUrlRequest;
import dev.slipway.artifact.v1.CreateUploadUrlsRequest;
import dev.slipway.runtime.error.Violations;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads messages about URLs of the store, noting every violation. Stateless. */
final class PresignedRequests {
  private static final int MAX_URLS = 1000;
  private static final Duration DEFAULT_LIFETIME = Duration.ofHours(1);
  private static final Duration MIN_LIFETIME = Duration.ofSeconds(1);
  private static final Duration MAX_LIFETIME = Duration.ofDays(7);
  private static final int MAX_FILE_NAME_BYTES = 255;

  private PresignedRequests() {}

  static UrlRange range(CreateUploadUrlsRequest request, Violations violations) {
    int first = request.getFirstPartNumber();
    if (first < 0 || first > PartPlan.MAX_PARTS) {
      violations.add("first_part_number", "is " + first + "; must be 0 (the first) to 10000");
    }
    int max = request.getMaxUrls();
    if (max < 0) {
      violations.add("max_urls", "is " + max + "; must be 0 (1000) or more");
    }
    return new UrlRange(
        first == 0 ? 1 : first,
        max == 0 ? MAX_URLS : Math.min(max, MAX_URLS),
        lifetime(request.hasLifetime(), request.getLifetime(), violations));
  }

  private static Duration lifetime(
      boolean given, com.google.protobuf.Duration message, Violations violations) {
    if (!given) {
      return DEFAULT_LIFETIME;
    }
    try {
      Duration lifetime = Duration.ofSeconds(message.getSeconds(), message.getNanos());
      if (lifetime.compareTo(MIN_LIFETIME) >= 0 && lifetime.compareTo(MAX_LIFETIME) <= 0) {
        return Duration.ofSeconds(lifetime.toSeconds());
      }
    } catch (ArithmeticException | DateTimeException e) {
      // Out of range of the type as well.
    }
    violations.add("lifetime", "must be 1 second to 7 days");
    return DEFAULT_LIFETIME;
  }

  /** Reads the spec; empty when there is none or it is malformed. */
  static Optional<UploadSpec> spec(CreateUploadUrlsRequest request, Violations violations) {
    if (request.hasSpec()) {
      return ArtifactRequests.uploadSpec(
          request.getSpec().toBuilder().clearUploadId().build(), violations);
    }
    if (request.getUploadId().isEmpty()) {
      violations.add("spec", "is required for a new upload");
    }
    return Optional.empty();
  }

  /** Reads how a new upload is cut into parts; empty when this is malformed. */
  static Optional<PartPlan> plan(CreateUploadUrlsRequest request, Violations violations) {
    int count = request.getPartCount();
    if (request.getSpec().hasSizeBytes()) {
      long size = Math.max(0, request.getSpec().getSizeBytes());
      long partSize = request.getPartSizeBytes();
      return violations.parse(
          "part_size_bytes",
          partSize == 0 ? PartPlan.partSizeBytes(size) : partSize,
          bytes -> PartPlan.of(size, bytes));
    }
    if (request.hasSpec() && count == 0) {
      violations.add("part_count", "is required where spec.size_bytes is unset");
      return Optional.empty();
    }
    return request.hasSpec()
        ? violations.parse("part_count", count, PartPlan::ofUnknownSize)
        : Optional.empty();
  }

  /** Reads the tags of parts by number; none says that the store knows. */
  static SortedMap<Integer, String> etags(CompleteUploadRequest request, Violations violations) {
    SortedMap<Integer, String> etags = new TreeMap<>();
    if (request.getPartsCount() > PartPlan.MAX_PARTS) {
      violations.add("parts", "has " + request.getPartsCount() + "; at most 10000 are allowed");
    }
    for (int i = 0; i < request.getPartsCount(); i++) {
      CompletedPart part = request.getParts(i);
      if (part.getPartNumber() != i + 1) {
        violations.add(
            "parts[" + i + "].part_number",
            "is "
                + part.getPartNumber()
                + "; must be "
                + (i + 1)
                + ", as they go up from 1 without gaps");
      }
      String etag = DirectTransfers.unquoted(part.getEtag());
      violations.required("parts[" + i + "].etag", etag);
      etags.put(part.getPartNumber(), etag);
    }
    return etags;
  }

  static void requireWellFormed(CreateDownloadUrlRequest request) {
    Violations violations = new Violations();
    ArtifactRequests.requireSource(
        request.hasPath(), request.getPath(), request.hasSha256(), request.getSha256(), violations);
    Duration unused = lifetime(request.hasLifetime(), request.getLifetime(), violations);
    String name = request.getFileName();
    if (name.getBytes(StandardCharsets.UTF_8).length > MAX_FILE_NAME_BYTES
        || name.chars().anyMatch(c -> c < ' ' || c == 0x7F || c == '/' || c == '\\')) {
      violations.add(
          "file_name",
          "must be at most 255 UTF-8 bytes without slash, backslash or control character");
    }
    violations.throwIfAny();
  }

  static Duration lifetime(CreateDownloadUrlRequest request) {
    return lifetime(request.hasLifetime(), request.getLifetime(), new Violations());
  }

  static String fileName(CreateDownloadUrlRequest request) {
    if (!request.getFileName().isEmpty()) {
      return request.getFileName();
    }
    return request.hasPath() ? new ArtifactPath(request.getPath()).name() : request.getSha256();
  }
}

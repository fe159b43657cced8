package dev.slipway.artifact.blob;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Says where an S3-compatible store is.
 *
 * @param endpoint URL, {@code http} or {@code https}, e.g. {@code http://localhost:9000}
 * @param publicEndpoint URL by which clients reach the store, for presigned URLs; empty when it is
 *     the same
 * @param trustedCertificates file of certificates in PEM that the store's must come from; empty for
 *     those of the platform
 * @param bucket created when absent
 * @param accessKey who we are
 * @param secretKey never printed
 * @param region e.g. {@code us-east-1}, which is what MinIO calls itself by default
 */
public record MinioSettings(
    String endpoint,
    Optional<String> publicEndpoint,
    Optional<Path> trustedCertificates,
    String bucket,
    String accessKey,
    String secretKey,
    String region) {
  /** The region that MinIO and most other stores answer to when none is configured. */
  public static final String DEFAULT_REGION = "us-east-1";

  /** Creates settings of a store that clients reach as we do, with a certificate like others. */
  public MinioSettings(
      String endpoint, String bucket, String accessKey, String secretKey, String region) {
    this(endpoint, Optional.empty(), Optional.empty(), bucket, accessKey, secretKey, region);
  }

  /** Returns all but the secret. */
  @Override
  public String toString() {
    return "MinioSettings[endpoint=%s, publicEndpoint=%s, trustedCertificates=%s, bucket=%s, accessKey=%s, region=%s]"
        .formatted(
            endpoint,
            publicEndpoint.orElse(endpoint),
            trustedCertificates.map(Path::toString).orElse("platform"),
            bucket,
            accessKey,
            region);
  }
}

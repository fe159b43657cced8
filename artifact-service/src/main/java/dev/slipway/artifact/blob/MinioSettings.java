package dev.slipway.artifact.blob;

/**
 * Says where an S3-compatible store is.
 *
 * @param endpoint URL, {@code http} or {@code https}, e.g. {@code http://localhost:9000}
 * @param bucket created when absent
 * @param accessKey who we are
 * @param secretKey never printed
 * @param region e.g. {@code us-east-1}, which is what MinIO calls itself by default
 */
public record MinioSettings(
    String endpoint, String bucket, String accessKey, String secretKey, String region) {
  /** The region that MinIO and most other stores answer to when none is configured. */
  public static final String DEFAULT_REGION = "us-east-1";

  /** Returns all but the secret. */
  @Override
  public String toString() {
    return "MinioSettings[endpoint=%s, bucket=%s, accessKey=%s, region=%s]"
        .formatted(endpoint, bucket, accessKey, region);
  }
}

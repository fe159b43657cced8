package dev.slipway.artifact;

import dev.slipway.artifact.blob.MinioSettings;
import dev.slipway.runtime.database.DatabaseConfig;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Says where the artifact service keeps what it keeps.
 *
 * @param database where rows lie
 * @param store where bytes lie
 * @param spool folder of this process alone for unfinished uploads; best on the file system of the
 *     store's folder, as a finished upload is then renamed instead of copied
 * @param uploadExpiry how long an unfinished upload is kept after its last byte, positive
 */
public record ArtifactConfig(
    DatabaseConfig database, Store store, Path spool, Duration uploadExpiry) {
  /** How long an unfinished upload is kept by default. */
  public static final Duration DEFAULT_UPLOAD_EXPIRY = Duration.ofHours(24);

  /** Checks the expiry. */
  public ArtifactConfig {
    if (uploadExpiry.isNegative() || uploadExpiry.isZero()) {
      throw new IllegalArgumentException("must be positive, not " + uploadExpiry);
    }
  }

  /** Is where bytes lie. */
  public sealed interface Store permits Folder, Minio {}

  /**
   * Keeps bytes in a folder.
   *
   * @param root the folder, created when absent
   */
  public record Folder(Path root) implements Store {}

  /**
   * Keeps bytes in MinIO or another S3-compatible store.
   *
   * @param settings where it is
   */
  public record Minio(MinioSettings settings) implements Store {}
}

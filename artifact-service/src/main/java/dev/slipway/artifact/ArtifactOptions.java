package dev.slipway.artifact;

import dev.slipway.artifact.blob.MinioSettings;
import dev.slipway.artifact.blob.TrustedCertificates;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.database.DatabaseConfig;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Holds the flags of where artifacts lie. A mixin of picocli; not thread-safe. */
public final class ArtifactOptions {
  @Option(
      names = "--artifact-root",
      paramLabel = "FOLDER",
      description = "Folder of the artifacts' bytes. Default: below --data-dir.")
  private Path root;

  @Option(
      names = "--artifact-spool",
      paramLabel = "FOLDER",
      description =
          "Folder of unfinished uploads, for this process alone. Default: below the folder of the"
              + " bytes, or below --data-dir.")
  private Path spool;

  @Option(
      names = "--artifact-upload-expiry",
      paramLabel = "HOURS",
      defaultValue = "24",
      description =
          "How long an unfinished upload is kept after its last byte. Default: ${DEFAULT-VALUE}.")
  private int uploadExpiryHours;

  @Option(
      names = "--minio-endpoint",
      paramLabel = "URL",
      description =
          "http(s)://host:port of MinIO or another S3-compatible store, instead of a folder.")
  private String endpoint;

  @Option(
      names = "--minio-public-endpoint",
      paramLabel = "URL",
      description =
          "The same store as clients reach it, for presigned URLs. Default: --minio-endpoint.")
  private String publicEndpoint;

  @Option(
      names = "--minio-trusted-certificates",
      paramLabel = "FILE",
      description =
          "Certificates in PEM that the store's must come from. Default: those of the platform.")
  private Path trustedCertificates;

  @Option(
      names = "--minio-bucket",
      paramLabel = "NAME",
      defaultValue = "slipway",
      description = "Bucket, created when absent. Default: ${DEFAULT-VALUE}.")
  private String bucket;

  @Option(names = "--minio-access-key", paramLabel = "KEY", description = "Access key.")
  private String accessKey;

  @Option(
      names = "--minio-secret-key",
      paramLabel = "KEY",
      description = "Secret key; prefer the environment variable.")
  private String secretKey;

  @Option(
      names = "--minio-region",
      paramLabel = "REGION",
      defaultValue = MinioSettings.DEFAULT_REGION,
      description = "Region of the bucket. Default: ${DEFAULT-VALUE}.")
  private String region;

  /**
   * Returns the settings, noting what is wrong with them; not to be used after a problem.
   *
   * @param dataFolder folder of this service below {@code --data-dir}
   */
  public ArtifactConfig config(Path dataFolder, DatabaseConfig database, ConfigProblems problems) {
    if (uploadExpiryHours < 1) {
      problems.add("--artifact-upload-expiry", "is " + uploadExpiryHours + "; must be 1 or more");
    }
    ArtifactConfig.Store store = endpoint == null ? folder(dataFolder, problems) : minio(problems);
    return new ArtifactConfig(
        database, store, spool(dataFolder), Duration.ofHours(Math.max(1, uploadExpiryHours)));
  }

  private ArtifactConfig.Store folder(Path dataFolder, ConfigProblems problems) {
    if (accessKey != null || secretKey != null) {
      problems.add("--minio-endpoint", "is required when keys are given");
    }
    if (publicEndpoint != null || trustedCertificates != null) {
      problems.add("--minio-endpoint", "is required with other settings of the store");
    }
    return new ArtifactConfig.Folder(root == null ? dataFolder.resolve("store") : absolute(root));
  }

  private ArtifactConfig.Store minio(ConfigProblems problems) {
    if (root != null) {
      problems.add("--artifact-root", "cannot be given together with --minio-endpoint");
    }
    if (!isHttpUrl(endpoint)) {
      problems.add("--minio-endpoint", "must be http://host:port or https://host:port");
    }
    if (publicEndpoint != null && !isHttpUrl(publicEndpoint)) {
      problems.add("--minio-public-endpoint", "must be http://host:port or https://host:port");
    }
    checkCertificates(problems);
    if (accessKey == null) {
      problems.add("--minio-access-key", "is required with --minio-endpoint");
    }
    if (secretKey == null) {
      problems.add("--minio-secret-key", "is required with --minio-endpoint");
    }
    if (!bucket.matches("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")) {
      problems.add(
          "--minio-bucket",
          "must be 3 to 63 of a-z, 0-9, dot and hyphen, beginning and ending"
              + " with a letter or digit");
    }
    return new ArtifactConfig.Minio(
        new MinioSettings(
            endpoint,
            Optional.ofNullable(publicEndpoint),
            Optional.ofNullable(trustedCertificates),
            bucket,
            accessKey,
            secretKey,
            region));
  }

  private void checkCertificates(ConfigProblems problems) {
    if (trustedCertificates == null) {
      return;
    }
    if (!endpoint.startsWith("https:")) {
      problems.add("--minio-trusted-certificates", "are of no use without https");
    }
    try {
      TrustedCertificates unused = TrustedCertificates.read(trustedCertificates);
    } catch (IllegalArgumentException e) {
      problems.add("--minio-trusted-certificates", e.getMessage());
    }
  }

  private Path spool(Path dataFolder) {
    if (spool != null) {
      return absolute(spool);
    }
    return root == null || endpoint != null
        ? dataFolder.resolve("uploads")
        : absolute(root).resolve("uploads");
  }

  private static Path absolute(Path path) {
    return path.toAbsolutePath().normalize();
  }

  private static boolean isHttpUrl(String text) {
    try {
      URI uri = new URI(text);
      return uri.getHost() != null
          && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()));
    } catch (URISyntaxException e) {
      return false;
    }
  }
}

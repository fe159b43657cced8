package dev.slipway.artifact.rpc;

import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.MinioBlobStore;
import dev.slipway.artifact.blob.MinioSettings;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Checks an S3 store. */
class CheckConsistencyS3Test extends CheckConsistencyContract {
  @Order(1)
  @RegisterExtension
  private final S3ProxyExtension s3 =
      S3ProxyExtension.builder()
          .withCredentials(AuthenticationType.AWS_V4, "access", "very-secret")
          .withBlobStoreProvider("transient-nio2")
          .withPort(0)
          .build();

  private MinioSettings settings() {
    return new MinioSettings(
        s3.getUri().toString(),
        "artifacts",
        s3.getAccessKey(),
        s3.getSecretKey(),
        MinioSettings.DEFAULT_REGION);
  }

  @Override
  DatabaseConfig database() {
    return TestDatabases.h2(folder);
  }

  @Override
  ArtifactConfig.Store store() {
    return new ArtifactConfig.Minio(settings());
  }

  @Override
  BlobStore openBlobs() {
    return new MinioBlobStore(settings());
  }
}

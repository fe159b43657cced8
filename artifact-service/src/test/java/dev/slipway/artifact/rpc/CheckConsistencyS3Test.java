package dev.slipway.artifact.rpc;

import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.MinioBlobStore;
import dev.slipway.artifact.blob.S3Server;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Checks an S3 store. */
class CheckConsistencyS3Test extends CheckConsistencyContract {
  @Order(1)
  @RegisterExtension
  private final S3ProxyExtension s3 = S3Server.make();

  @Override
  DatabaseConfig database() {
    return TestDatabases.h2(folder);
  }

  @Override
  ArtifactConfig.Store store() {
    return new ArtifactConfig.Minio(S3Server.settings(s3));
  }

  @Override
  BlobStore openBlobs() {
    return new MinioBlobStore(S3Server.settings(s3));
  }
}

package dev.slipway.artifact.blob;

import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Runs the contract on an S3 server inside the JVM. */
class DirectTransfersTest extends DirectTransfersContract {
  @RegisterExtension
  private final S3ProxyExtension s3 =
      S3ProxyExtension.builder()
          .withCredentials(AuthenticationType.AWS_V4, "access", "very-secret")
          .withBlobStoreProvider("transient-nio2")
          .withPort(0)
          .build();

  @Override
  MinioSettings settings() {
    return new MinioSettings(
        s3.getUri().toString(),
        "artifacts",
        s3.getAccessKey(),
        s3.getSecretKey(),
        MinioSettings.DEFAULT_REGION);
  }

  @Override
  boolean listsBegun() {
    return true;
  }
}

package dev.slipway.artifact.blob;

import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.junit.S3ProxyExtension;

/** Makes S3 servers inside the JVM. */
public final class S3Server {
  private S3Server() {}

  /** Makes one that starts before each test, empty and on a free port. */
  public static S3ProxyExtension make() {
    return S3ProxyExtension.builder()
        .withCredentials(AuthenticationType.AWS_V4, "access", "very-secret")
        .withBlobStoreProvider("transient-nio2")
        .withPort(0)
        .build();
  }

  /** Returns how to reach one that has started. */
  public static MinioSettings settings(S3ProxyExtension server) {
    return new MinioSettings(
        server.getUri().toString(),
        "artifacts",
        server.getAccessKey(),
        server.getSecretKey(),
        MinioSettings.DEFAULT_REGION);
  }
}

package dev.slipway.client;

import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.junit.S3ProxyExtension;

/** Makes S3 servers inside the JVM. */
final class S3Server {
  private S3Server() {}

  /** Makes one that starts before each test, empty and on a free port. */
  static S3ProxyExtension make() {
    return S3ProxyExtension.builder()
        .withCredentials(AuthenticationType.AWS_V4, "access", "very-secret")
        .withBlobStoreProvider("transient-nio2")
        .withPort(0)
        .build();
  }
}

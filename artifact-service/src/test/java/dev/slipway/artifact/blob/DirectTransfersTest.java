package dev.slipway.artifact.blob;

import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Runs the contract on an S3 server inside the JVM. */
class DirectTransfersTest extends DirectTransfersContract {
  @RegisterExtension private final S3ProxyExtension s3 = S3Server.make();

  @Override
  MinioSettings settings() {
    return S3Server.settings(s3);
  }
}

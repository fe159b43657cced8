package dev.slipway.artifact.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.blob.MinioSettings;
import dev.slipway.artifact.blob.S3Server;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.Channel;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs the contract on an S3 server inside the JVM. */
class PresignedRpcsTest extends PresignedRpcsContract {
  @TempDir Path folder;

  @Order(1)
  @RegisterExtension
  private final S3ProxyExtension s3 = S3Server.make();

  @Order(2)
  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () ->
              List.of(
                  ArtifactModule.open(
                      new ArtifactConfig(
                          TestDatabases.h2(folder),
                          new ArtifactConfig.Minio(settings()),
                          folder.resolve("uploads"),
                          ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
                      new MetricRegistry(),
                      Clock.systemUTC())));

  @Override
  Channel channel() {
    return server.channel();
  }

  @Override
  void assertRefusedAfterAbort(int httpStatus) {
    // This server keeps no book of what it was told to end.
    assertThat(httpStatus).isBetween(200, 404);
  }

  @Override
  MinioSettings settings() {
    return S3Server.settings(s3);
  }
}

package dev.slipway.artifact.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.blob.MinioServer;
import dev.slipway.artifact.blob.MinioSettings;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.Channel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs the contract on a real MinIO server, with rows in PostgreSQL. */
@EnabledIfEnvironmentVariable(
    named = "SLIPWAY_MINIO_BINARY",
    matches = ".+",
    disabledReason =
        "set SLIPWAY_MINIO_BINARY to a MinIO server; to build one:"
            + " go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c")
class PresignedRpcsIT extends PresignedRpcsContract {
  private static MinioServer minio;

  @TempDir Path folder;
  private final String bucket = "test-" + UUID.randomUUID();

  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () ->
              List.of(
                  ArtifactModule.open(
                      new ArtifactConfig(
                          TestDatabases.postgres(),
                          new ArtifactConfig.Minio(settings()),
                          folder.resolve("uploads"),
                          ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
                      new MetricRegistry(),
                      Clock.systemUTC())));

  @BeforeAll
  static void startMinio(@TempDir Path serverFolder) throws IOException, InterruptedException {
    minio = MinioServer.start(serverFolder);
  }

  @AfterAll
  static void stopMinio() {
    minio.close();
  }

  @Override
  Channel channel() {
    return server.channel();
  }

  @Override
  void assertRefusedAfterAbort(int httpStatus) {
    assertThat(httpStatus).isEqualTo(404);
  }

  @Override
  MinioSettings settings() {
    return new MinioSettings(
        minio.endpoint(),
        bucket,
        MinioServer.ACCESS_KEY,
        MinioServer.SECRET_KEY,
        MinioSettings.DEFAULT_REGION);
  }
}

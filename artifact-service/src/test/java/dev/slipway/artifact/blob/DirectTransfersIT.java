package dev.slipway.artifact.blob;

import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/** Runs the contract on a real MinIO server. */
@EnabledIfEnvironmentVariable(
    named = "SLIPWAY_MINIO_BINARY",
    matches = ".+",
    disabledReason =
        "set SLIPWAY_MINIO_BINARY to a MinIO server; to build one:"
            + " go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c")
class DirectTransfersIT extends DirectTransfersContract {
  private static MinioServer server;

  private final String bucket = UUID.randomUUID().toString();

  @BeforeAll
  static void startServer(@TempDir Path serverFolder) throws IOException, InterruptedException {
    server = MinioServer.start(serverFolder);
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @Override
  MinioSettings settings() {
    return new MinioSettings(
        server.endpoint(),
        bucket,
        MinioServer.ACCESS_KEY,
        MinioServer.SECRET_KEY,
        MinioSettings.DEFAULT_REGION);
  }
}

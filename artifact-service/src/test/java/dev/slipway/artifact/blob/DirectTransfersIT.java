package dev.slipway.artifact.blob;

import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Runs the contract on a real MinIO server. */
@WithMinio
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
    return server.settings(bucket);
  }
}

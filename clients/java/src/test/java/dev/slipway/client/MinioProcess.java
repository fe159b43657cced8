package dev.slipway.client;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Is a real MinIO server in a process of its own, which can be killed and started again. */
final class MinioProcess implements AutoCloseable {
  static final String BINARY_VARIABLE = "SLIPWAY_MINIO_BINARY";
  static final String ACCESS_KEY = "slipway-test";
  static final String SECRET_KEY = "slipway-test-secret";

  private static final long START_SECONDS = 60;

  private final Path folder;
  private final int port;
  private Process process;

  /** Starts it on a free port, over an empty folder. */
  MinioProcess(Path folder) throws IOException, InterruptedException {
    this.folder = Files.createDirectories(folder);
    this.port = freePort();
    start();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** Starts it, on its port and over its folder. */
  void start() throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
                System.getenv(BINARY_VARIABLE),
                "server",
                "--quiet",
                "--address",
                "127.0.0.1:" + port,
                "--console-address",
                "127.0.0.1:" + freePort(),
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolveSibling("minio.log").toFile());
    builder.environment().put("MINIO_ROOT_USER", ACCESS_KEY);
    builder.environment().put("MINIO_ROOT_PASSWORD", SECRET_KEY);
    process = builder.start();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (!isReady()) {
      if (System.nanoTime() > deadline || !process.isAlive()) {
        process.destroyForcibly();
        throw new IOException("MinIO does not start");
      }
      Thread.sleep(50);
    }
  }

  private boolean isReady() {
    try {
      return ((HttpURLConnection)
                  URI.create(endpoint() + "/minio/health/ready").toURL().openConnection())
              .getResponseCode()
          == HttpURLConnection.HTTP_OK;
    } catch (IOException e) {
      return false;
    }
  }

  String endpoint() {
    return "http://127.0.0.1:" + port;
  }

  int port() {
    return port;
  }

  /** Ends it as {@code kill -9} does. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}

package dev.slipway.artifact.blob;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Runs a real MinIO server, as a process of its own on a free port, over an empty folder. */
public final class MinioServer implements AutoCloseable {
  /** Who may use it. */
  public static final String ACCESS_KEY = "slipway-test";

  /** What they show. */
  public static final String SECRET_KEY = "slipway-test-secret";

  private static final String BINARY_VARIABLE = "SLIPWAY_MINIO_BINARY";
  private static final long START_SECONDS = 60;
  private static final long STOP_SECONDS = 10;

  private final Process process;
  private final Path folder;
  private final int port;
  private final String endpoint;

  private MinioServer(Process process, Path folder, int port) {
    this.process = process;
    this.folder = folder;
    this.port = port;
    this.endpoint = "http://127.0.0.1:" + port;
  }

  /** Starts the server whose binary the environment names. */
  public static MinioServer start(Path folder) throws IOException, InterruptedException {
    String binary = System.getenv(BINARY_VARIABLE);
    if (binary == null || !Files.isExecutable(Path.of(binary))) {
      throw new IllegalStateException(
          "set "
              + BINARY_VARIABLE
              + " to a MinIO server; to build one:"
              + " go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c");
    }
    return start(binary, folder, freePort());
  }

  /** Returns how to reach a bucket of it. */
  public MinioSettings settings(String bucket) {
    return new MinioSettings(
        endpoint, bucket, ACCESS_KEY, SECRET_KEY, MinioSettings.DEFAULT_REGION);
  }

  /** Starts a server that was closed anew, over the same folder and at the same endpoint. */
  public MinioServer startAgain() throws IOException, InterruptedException {
    return start(System.getenv(BINARY_VARIABLE), folder, port);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static MinioServer start(String binary, Path folder, int port)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
                binary,
                "server",
                "--quiet",
                "--address",
                "127.0.0.1:" + port,
                "--console-address",
                "127.0.0.1:" + freePort(),
                Files.createDirectories(folder.resolve("minio")).toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("minio.log").toFile());
    builder.environment().put("MINIO_ROOT_USER", ACCESS_KEY);
    builder.environment().put("MINIO_ROOT_PASSWORD", SECRET_KEY);
    MinioServer server = new MinioServer(builder.start(), folder, port);
    server.awaitReady(folder.resolve("minio.log"));
    return server;
  }

  private void awaitReady(Path logFile) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (System.nanoTime() < deadline && process.isAlive()) {
      if (isReady()) {
        return;
      }
      Thread.sleep(50);
    }
    close();
    throw new IllegalStateException("MinIO did not start: " + Files.readString(logFile));
  }

  private boolean isReady() {
    try {
      HttpURLConnection connection =
          (HttpURLConnection) URI.create(endpoint + "/minio/health/ready").toURL().openConnection();
      return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns the URL at which it answers. */
  public String endpoint() {
    return endpoint;
  }

  @Override
  public void close() {
    process.destroy();
    process
        .onExit()
        .completeOnTimeout(process, STOP_SECONDS, TimeUnit.SECONDS)
        .join()
        .destroyForcibly();
  }
}

package dev.slipway.serving.testing;

import dev.slipway.serving.redis.RedisSettings;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs a real Redis server, as a process of its own on a free port, which keeps nothing on disk.
 */
public final class RedisServer implements AutoCloseable {
  /** What to do where there is none. */
  public static final String MISSING = "no redis-server on the PATH: apt-get install redis-server";

  private static final long START_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Path folder;
  private final int port;
  private final List<String> options;
  private Process process;

  private RedisServer(Path folder, int port, List<String> options) {
    this.folder = folder;
    this.port = port;
    this.options = options;
  }

  /** Tells whether there is one to run. */
  public static boolean isInstalled() {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "redis-server")));
  }

  /** Starts one with some options: {@code --requirepass secret}. */
  public static RedisServer start(Path folder, String... options) throws IOException {
    RedisServer server = prepare(folder, options);
    server.start();
    return server;
  }

  /** Returns one that does not run yet. */
  public static RedisServer prepare(Path folder, String... options) throws IOException {
    return new RedisServer(folder, freePort(), List.of(options));
  }

  /** Returns a port that nobody uses at present. */
  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** Starts it, empty, on its port. */
  public void start() throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "redis-server",
                "--bind",
                "127.0.0.1",
                "--port",
                Integer.toString(port),
                "--save",
                "",
                "--appendonly",
                "no",
                "--dir",
                folder.toString()));
    command.addAll(options);
    Path output = folder.resolve("redis.log");
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    long end = System.nanoTime() + START_NANOS;
    while (!listens()) {
      if (System.nanoTime() > end || !process.isAlive()) {
        process.destroyForcibly();
        throw new IOException("Redis does not start: " + Files.readString(output));
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
  }

  private boolean listens() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns how to reach it, with time enough for any machine. */
  public RedisSettings settings() {
    return settings(Duration.ofSeconds(30));
  }

  /** Returns how to reach it, and how long a request may wait for it. */
  public RedisSettings settings(Duration timeout) {
    return new RedisSettings(
        "127.0.0.1",
        port,
        0,
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        timeout,
        Duration.ofDays(1));
  }

  /** Returns its port. */
  public int port() {
    return port;
  }

  /** Stops it from doing anything; its connections stay. */
  public void pause() throws IOException, InterruptedException {
    signal("-STOP");
    // It stops some time after the signal was sent.
    Path state = Path.of("/proc", Long.toString(process.pid()), "stat");
    while (!Files.readString(state).contains(") T ")) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  /** Lets it go on. */
  public void resume() throws IOException, InterruptedException {
    signal("-CONT");
  }

  private void signal(String name) throws IOException, InterruptedException {
    Process kill = new ProcessBuilder("kill", name, Long.toString(process.pid())).start();
    if (kill.waitFor() != 0) {
      throw new IOException("kill " + name + " failed");
    }
  }

  /** Ends it as {@code kill -9} does. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() {
    if (process != null) {
      process.destroyForcibly();
    }
  }
}

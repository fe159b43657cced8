package dev.slipway.tracking.rpc;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import dev.slipway.tracking.service.CompactionConfig;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/**
 * Is a tracking server in a process of its own, to be killed in the middle of its work. It compacts
 * all the time.
 */
final class KilledServer {
  private static final CompactionConfig COMPACTION =
      new CompactionConfig(Duration.ofMillis(20), Duration.ofMillis(200), 500);

  private static final String READY = "port ";

  private final Process process;
  private final int port;

  private KilledServer(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  static TrackingConfig config(DatabaseConfig database) {
    return new TrackingConfig(database, TrackingConfig.DEFAULT_ARTIFACT_ROOT, COMPACTION);
  }

  static KilledServer start(DatabaseConfig database) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                KilledServer.class.getName(),
                database.url(),
                database.user(),
                database.password())
            .redirectError(Redirect.INHERIT)
            .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith(READY)) {
        return new KilledServer(process, Integer.parseInt(line.substring(READY.length())));
      }
    }
    throw new IllegalStateException("the server ended before it was ready");
  }

  int port() {
    return port;
  }

  /** Ends the process as SIGKILL does, without a chance to tidy up. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Serves until killed. */
  public static void main(String[] args) throws InterruptedException {
    DatabaseConfig database =
        new DatabaseConfig(args[0], args[1], args[2], DatabaseConfig.DEFAULT_POOL_SIZE);
    MetricRegistry metrics = new MetricRegistry();
    TrackingModule module = TrackingModule.open(config(database), metrics, Clock.systemUTC());
    GrpcServer server =
        GrpcServer.start(
            new GrpcServerConfig("127.0.0.1", 0, 0, 16 * 1024 * 1024, Duration.ZERO),
            "",
            List.of(module),
            metrics);
    System.out.println(READY + server.port());
    server.awaitTermination();
  }
}

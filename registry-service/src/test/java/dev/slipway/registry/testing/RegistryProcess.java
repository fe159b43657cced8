package dev.slipway.registry.testing;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.registry.RegistryConfig;
import dev.slipway.registry.RegistryModule;
import dev.slipway.registry.WebhookConfig;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import io.grpc.ManagedChannel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * Is a registry in a process of its own, to be killed in the middle of its work. Its webhooks may
 * point to this machine; the services that it asks are not there.
 */
public final class RegistryProcess implements AutoCloseable {
  private static final String READY = "port ";

  /** Nobody listens there, and nothing in these tests asks. */
  private static final ManagedChannel ABSENT =
      Channels.to("127.0.0.1:1", GrpcServerConfig.DEFAULT_MAX_MESSAGE_BYTES);

  private final Process process;
  private final int port;

  private RegistryProcess(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts the process and waits until it serves. */
  public static RegistryProcess start(DatabaseConfig database) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                RegistryProcess.class.getName(),
                database.url(),
                database.user(),
                database.password())
            .redirectError(Redirect.INHERIT)
            .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith(READY)) {
        return new RegistryProcess(process, Integer.parseInt(line.substring(READY.length())));
      }
    }
    throw new IllegalStateException("the registry ended before it was ready");
  }

  /** Starts the same server in this process. */
  public static GrpcServer serve(DatabaseConfig database) {
    MetricRegistry metrics = new MetricRegistry();
    RegistryModule module =
        RegistryModule.open(
            new RegistryConfig(
                database,
                RegistryConfig.DEFAULT_POLL_INTERVAL,
                List.of(),
                new WebhookConfig(true, true, Set.of())),
            ABSENT,
            ABSENT,
            ABSENT,
            metrics,
            Clock.systemUTC());
    return GrpcServer.start(
        new GrpcServerConfig(
            "127.0.0.1", 0, 0, GrpcServerConfig.DEFAULT_MAX_MESSAGE_BYTES, Duration.ZERO),
        "",
        List.of(module),
        metrics);
  }

  /** Returns the port that it serves on. */
  public int port() {
    return port;
  }

  /** Ends the process as SIGKILL does, without a chance to tidy up. */
  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }

  /** Serves until killed. */
  public static void main(String[] args) throws InterruptedException {
    GrpcServer server =
        serve(new DatabaseConfig(args[0], args[1], args[2], DatabaseConfig.DEFAULT_POOL_SIZE));
    System.out.println(READY + server.port());
    server.awaitTermination();
  }
}

package dev.slipway.runtime.config;

import dev.slipway.runtime.server.GrpcServerConfig;
import java.time.Duration;
import picocli.CommandLine.Option;

/** Holds the flags of everything that listens. A mixin of picocli; not thread-safe. */
public final class ServerOptions {
  private static final int ADMIN_PORT_OFFSET = 10;

  private final int defaultPort;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "Address to listen on; 0.0.0.0 for all. Default: ${DEFAULT-VALUE}.")
  private String host;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "gRPC port; 0 for any free one. Default: the service's own (see README).")
  private Integer port;

  @Option(
      names = "--admin-port",
      paramLabel = "PORT",
      description = "Port of GET /metrics; 0 for any free one. Default: the gRPC port + 10.")
  private Integer adminPort;

  @Option(
      names = "--max-message-bytes",
      paramLabel = "BYTES",
      defaultValue = "" + GrpcServerConfig.DEFAULT_MAX_MESSAGE_BYTES,
      description = "Largest message taken from a client or a peer. Default: ${DEFAULT-VALUE}.")
  private int maxMessageBytes;

  @Option(
      names = "--drain-timeout",
      paramLabel = "SECONDS",
      defaultValue = "10",
      description =
          "How long running calls may go on after a stop was asked for. Default: ${DEFAULT-VALUE}.")
  private int drainTimeoutSeconds;

  /** Creates the flags of a server with its default gRPC port. */
  public ServerOptions(int defaultPort) {
    this.defaultPort = defaultPort;
  }

  /** Returns the largest message taken from a client or a peer, in bytes. */
  public int maxMessageBytes() {
    return maxMessageBytes;
  }

  /** Returns the settings, noting what is wrong with them; null after a problem. */
  public GrpcServerConfig config(ConfigProblems problems) {
    int grpcPort = port == null ? defaultPort : port;
    int metricsPort =
        adminPort != null ? adminPort : grpcPort == 0 ? 0 : grpcPort + ADMIN_PORT_OFFSET;
    checkPort("--port", grpcPort, problems);
    checkPort("--admin-port", metricsPort, problems);
    if (maxMessageBytes < 1024) {
      problems.add("--max-message-bytes", "is " + maxMessageBytes + "; must be at least 1024");
    }
    if (drainTimeoutSeconds < 0) {
      problems.add("--drain-timeout", "is " + drainTimeoutSeconds + "; must be 0 or more seconds");
    }
    try {
      return new GrpcServerConfig(
          host, grpcPort, metricsPort, maxMessageBytes, Duration.ofSeconds(drainTimeoutSeconds));
    } catch (IllegalArgumentException e) {
      // Noted above, flag by flag.
      return null;
    }
  }

  private static void checkPort(String flag, int port, ConfigProblems problems) {
    if (port < 0 || port > 65535) {
      problems.add(flag, "is " + port + "; must be 0 to 65535");
    }
  }
}

package dev.slipway.runtime.server;

import java.time.Duration;

/**
 * Says where and within which limits a process serves gRPC.
 *
 * @param host address to listen on, {@code 127.0.0.1} for this machine only, {@code 0.0.0.0} for
 *     all
 * @param port gRPC port, 0 for any free one
 * @param adminPort port of the metrics endpoint, 0 for any free one
 * @param maxMessageBytes largest message taken from a client, in bytes
 * @param drainTimeout how long running calls may go on after a stop was asked for
 */
public record GrpcServerConfig(
    String host, int port, int adminPort, int maxMessageBytes, Duration drainTimeout) {
  /** Default of the largest message, in bytes. */
  public static final int DEFAULT_MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

  /** Default of the drain timeout. */
  public static final Duration DEFAULT_DRAIN_TIMEOUT = Duration.ofSeconds(10);

  /** Checks ranges. */
  public GrpcServerConfig {
    checkPort(port);
    checkPort(adminPort);
    if (maxMessageBytes < 1024) {
      throw new IllegalArgumentException(
          "the largest message must be at least 1024 bytes, not " + maxMessageBytes);
    }
    if (drainTimeout.isNegative()) {
      throw new IllegalArgumentException("the drain timeout must not be negative");
    }
  }

  private static void checkPort(int port) {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("a port is 0 to 65535, not " + port);
    }
  }
}

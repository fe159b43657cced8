package dev.slipway.gateway;

import java.time.Duration;
import java.util.List;

/**
 * Says where and within which limits the gateway serves HTTP.
 *
 * @param host address to listen on
 * @param httpPort port to listen on, 0 for any free one
 * @param maxBodyBytes largest JSON body taken from a client, in bytes
 * @param maxInferenceBytes largest body taken of a request to a model, in bytes
 * @param requestTimeout how long a service may take to answer one request
 * @param drainTimeout how long running requests may go on after a stop was asked for
 * @param allowedHosts names under which browsers may reach the gateway, beside this machine's and
 *     private addresses; {@code *} for any. When it is not empty, requests under other names are
 *     refused
 */
public record GatewayConfig(
    String host,
    int httpPort,
    int maxBodyBytes,
    int maxInferenceBytes,
    Duration requestTimeout,
    Duration drainTimeout,
    List<String> allowedHosts) {
  /** Default of the port. */
  public static final int DEFAULT_HTTP_PORT = 5000;

  /** Default of the largest body, in bytes. */
  public static final int DEFAULT_MAX_BODY_BYTES = 16 * 1024 * 1024;

  /** Default of the largest body of a request to a model, in bytes; the services take as much. */
  public static final int DEFAULT_MAX_INFERENCE_BYTES = 64 * 1024 * 1024;

  /** Default of the request timeout: below the 120 seconds after which MLflow's client gives up. */
  public static final Duration DEFAULT_REQUEST_TIMEOUT = Duration.ofSeconds(60);

  /** Copies the list and checks ranges. */
  public GatewayConfig {
    allowedHosts = List.copyOf(allowedHosts);
    if (httpPort < 0 || httpPort > 65535) {
      throw new IllegalArgumentException("a port is 0 to 65535, not " + httpPort);
    }
    for (int largest : new int[] {maxBodyBytes, maxInferenceBytes}) {
      if (!isBodySize(largest)) {
        throw new IllegalArgumentException(
            "the largest body must be at least 1024 bytes, not " + largest);
      }
    }
    if (requestTimeout.isNegative() || requestTimeout.isZero() || drainTimeout.isNegative()) {
      throw new IllegalArgumentException("timeouts must be positive");
    }
  }

  /** Returns whether a number of bytes will do as the largest body. */
  static boolean isBodySize(int bytes) {
    return bytes >= 1024 && bytes < Integer.MAX_VALUE;
  }

  /** Returns the defaults for an address. */
  public static GatewayConfig at(String host, int httpPort, Duration drainTimeout) {
    return new GatewayConfig(
        host,
        httpPort,
        DEFAULT_MAX_BODY_BYTES,
        DEFAULT_MAX_INFERENCE_BYTES,
        DEFAULT_REQUEST_TIMEOUT,
        drainTimeout,
        List.of());
  }
}

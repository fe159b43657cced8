package dev.slipway.gateway;

import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.server.GrpcServerConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Holds the flags of the gateway. A mixin of picocli; not thread-safe. */
public final class GatewayOptions {
  @Option(
      names = "--http-port",
      paramLabel = "PORT",
      defaultValue = "" + GatewayConfig.DEFAULT_HTTP_PORT,
      description = "HTTP port, for MLflow clients; 0 for any free one. Default: ${DEFAULT-VALUE}.")
  private int httpPort;

  @Option(
      names = "--http-max-body-bytes",
      paramLabel = "BYTES",
      defaultValue = "" + GatewayConfig.DEFAULT_MAX_BODY_BYTES,
      description = "Largest JSON body taken from an HTTP client. Default: ${DEFAULT-VALUE}.")
  private int maxBodyBytes;

  @Option(
      names = "--http-max-inference-bytes",
      paramLabel = "BYTES",
      defaultValue = "" + GatewayConfig.DEFAULT_MAX_INFERENCE_BYTES,
      description =
          "Largest request to a model taken from an HTTP client. Default: ${DEFAULT-VALUE}.")
  private int maxInferenceBytes;

  @Option(
      names = "--http-timeout",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "How long a service may take to answer one HTTP request. Default: ${DEFAULT-VALUE}.")
  private int timeoutSeconds;

  @Option(
      names = "--http-allowed-hosts",
      paramLabel = "HOST",
      split = ",",
      description =
          "Host names, separated by commas, under which browsers may use the HTTP port beside this"
              + " machine's and private addresses; * for any. When given, requests under other"
              + " names are refused. Default: none.")
  private List<String> allowedHosts = new ArrayList<>();

  /**
   * Returns the settings, noting what is wrong with them; null after a problem.
   *
   * @param server address and drain timeout of the process; null after a problem with those
   */
  public GatewayConfig config(GrpcServerConfig server, ConfigProblems problems) {
    boolean good = server != null;
    if (httpPort < 0 || httpPort > 65535) {
      problems.add("--http-port", "is " + httpPort + "; must be 0 to 65535");
      good = false;
    }
    good &= bodySize("--http-max-body-bytes", maxBodyBytes, problems);
    good &= bodySize("--http-max-inference-bytes", maxInferenceBytes, problems);
    if (timeoutSeconds < 1) {
      problems.add("--http-timeout", "is " + timeoutSeconds + "; must be 1 or more seconds");
      good = false;
    }
    return good
        ? new GatewayConfig(
            server.host(),
            httpPort,
            maxBodyBytes,
            maxInferenceBytes,
            Duration.ofSeconds(timeoutSeconds),
            server.drainTimeout(),
            allowedHosts)
        : null;
  }

  private static boolean bodySize(String flag, int bytes, ConfigProblems problems) {
    if (!GatewayConfig.isBodySize(bytes)) {
      problems.add(flag, "is " + bytes + "; must be 1024 or more");
      return false;
    }
    return true;
  }
}

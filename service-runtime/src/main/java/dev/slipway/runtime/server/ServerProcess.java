package dev.slipway.runtime.server;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.metrics.MetricsEndpoint;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a server as a process: start, one line when ready, graceful stop on SIGTERM or Ctrl-C.
 *
 * <p>Used by every server command, so that all of them behave alike.
 */
public final class ServerProcess {
  private static final Logger log = LoggerFactory.getLogger(ServerProcess.class);

  private static final long READY_TIMEOUT_SECONDS = 60;

  private ServerProcess() {}

  /**
   * Serves until the process is told to stop.
   *
   * @param name what is served, for the ready line
   * @param config where and within which limits
   * @param inProcessName name for in-process channels; empty for none
   * @param modules in dependency order; owned from now on
   * @param out receives the ready line
   * @return the exit code
   */
  public static int run(
      String name,
      GrpcServerConfig config,
      String inProcessName,
      List<ServiceModule> modules,
      MetricRegistry metrics,
      PrintWriter out)
      throws InterruptedException {
    GrpcServer server = GrpcServer.start(config, inProcessName, modules, metrics);
    MetricsEndpoint endpoint;
    try {
      endpoint = MetricsEndpoint.start(config.host(), config.adminPort(), metrics);
    } catch (StartupException e) {
      server.close();
      throw e;
    }
    Thread stop =
        new Thread(
            () -> {
              log.info("stopping");
              server.close();
              endpoint.close();
              log.info("stopped");
            },
            "stop");
    Runtime.getRuntime().addShutdownHook(stop);
    boolean ready = server.awaitReady(READY_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    String others =
        modules.stream()
            .flatMap(module -> module.address().stream())
            .map(address -> ", " + address)
            .collect(Collectors.joining());
    out.printf(
        "%s %s on %s:%d%s, metrics on http://%s:%d/metrics (%.1f s)%n",
        name,
        ready ? "ready" : "serving, but not ready: a dependency does not answer; listening",
        config.host(),
        server.port(),
        others,
        config.host(),
        endpoint.port(),
        (System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime())
            / 1000.0);
    out.flush();
    server.awaitTermination();
    return 0;
  }
}

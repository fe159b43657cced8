package dev.slipway.gateway.http;

import com.codahale.metrics.Counter;
import com.codahale.metrics.LockFreeExponentiallyDecayingReservoir;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import dev.slipway.gateway.GatewayConfig;
import dev.slipway.runtime.server.StartupException;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.compression.Gzip;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.router.Endpoint;
import io.javalin.util.JavalinException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens for HTTP, whatever protocol is spoken over it: port, threads, compression, guard against
 * foreign web pages, metrics, access log, graceful stop.
 *
 * <p>Metrics are {@code http.server.requests.<METHOD>.<status>.<route>} (timer, from request to
 * answer) and {@code http.server.active} (counter). The access log is the logger {@code
 * dev.slipway.gateway.access} at level debug. Thread-safe.
 */
public final class HttpEdge implements AutoCloseable {
  /** Prefix of the timers. */
  public static final String REQUESTS = "http.server.requests";

  /** Name of the counter of requests in flight. */
  public static final String ACTIVE = "http.server.active";

  private static final Logger log = LoggerFactory.getLogger(HttpEdge.class);
  private static final Logger access = LoggerFactory.getLogger("dev.slipway.gateway.access");

  /** Handlers wait for services, so there are many more of them than cores; idle ones end. */
  private static final int MAX_THREADS = 200;

  private static final int MIN_THREADS = 8;
  private static final int THREAD_IDLE_MILLIS = 30_000;
  private static final long CONNECTION_IDLE_MILLIS = 60_000;

  /** Fast rather than small: most clients are near. */
  private static final int GZIP_LEVEL = 1;

  private static final String NO_ROUTE = "none";
  private static final String STARTED = "slipway.started";

  private final Javalin javalin;

  private HttpEdge(Javalin javalin) {
    this.javalin = javalin;
  }

  /**
   * Opens the port.
   *
   * @param groups what is served; a request that no route takes is refused by the first group that
   *     owns its path, and the last owns them all
   * @throws StartupException if the port cannot be had
   */
  public static HttpEdge start(
      GatewayConfig config, List<RouteGroup> groups, MetricRegistry metrics) {
    Javalin javalin = Javalin.create(settings -> configure(settings, config, groups, metrics));
    try {
      javalin.start(config.host(), config.httpPort());
    } catch (RuntimeException e) {
      javalin.stop();
      throw StartupException.cannotListen(
          "HTTP", config.host(), config.httpPort(), "--http-port", e);
    }
    return new HttpEdge(javalin);
  }

  private static void configure(
      JavalinConfig settings,
      GatewayConfig config,
      List<RouteGroup> groups,
      MetricRegistry metrics) {
    settings.startup.showJavalinBanner = false;
    settings.startup.showOldJavalinVersionWarning = false;
    settings.startup.startupWatcherEnabled = false;
    settings.http.prefer405over404 = true;
    settings.http.compressionStrategy = new CompressionStrategy(null, new Gzip(GZIP_LEVEL));
    settings.router.ignoreTrailingSlashes = false;
    settings.router.treatMultipleSlashesAsSingleSlash = true;
    settings.jetty.threadPool = threads();
    settings.jetty.modifyHttpConfiguration(
        http -> {
          http.setSendServerVersion(false);
          http.setIdleTimeout(CONNECTION_IDLE_MILLIS);
        });
    settings.jetty.modifyServer(
        server -> {
          server.setStopTimeout(config.drainTimeout().toMillis());
          server.insertHandler(new GracefulHandler());
        });
    Counter active = metrics.counter(ACTIVE);
    BrowserGuard guard = new BrowserGuard(config.allowedHosts());
    settings.routes.before(
        context -> {
          active.inc();
          context.attribute(STARTED, System.nanoTime());
          if (!guard.admits(
              context.method().name(), context.header("Host"), context.header("Origin"))) {
            context
                .status(403)
                .result("Refused: this host or origin is not among --http-allowed-hosts.\n")
                .skipRemainingHandlers();
          }
        });
    settings.requestLogger.http((context, millis) -> record(context, active, metrics));
    for (RouteGroup group : groups) {
      for (Route route : group.routes()) {
        settings.routes.addEndpoint(
            new Endpoint(
                route.method(), route.path(), context -> CallScope.run(context, route.handler())));
      }
    }
    settings.routes.exception(
        HttpResponseException.class,
        (refusal, context) ->
            refuse(groups, context, new Refusal(refusal.getStatus(), refusal.getMessage())));
    settings.routes.exception(
        Exception.class, (failure, context) -> answerUnforeseen(groups, context, failure));
  }

  private static void answerUnforeseen(
      List<RouteGroup> groups, Context context, Exception failure) {
    if (failure instanceof IOException) {
      // The client went away; there is nobody to answer.
      logBreakOff(context, failure);
      return;
    }
    if (failure instanceof BrokenAnswerException || context.res().isCommitted()) {
      log.warn("{} {} is broken off", context.method(), context.path(), failure);
      ServletContextRequest.getServletContextRequest(context.req())
          .getServletChannel()
          .abort(failure);
      return;
    }
    log.error("unforeseen failure of {} {}", context.method(), context.path(), failure);
    refuse(groups, context, new Refusal(500, "Internal error; the server's log has the details"));
  }

  private static void refuse(List<RouteGroup> groups, Context context, Refusal refusal) {
    RouteGroup group =
        groups.stream()
            .filter(candidate -> candidate.owns(context.path()))
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("no group owns " + context.path()));
    try {
      group.refuse(context, refusal);
    } catch (IOException e) {
      logBreakOff(context, e);
    }
  }

  private static void logBreakOff(Context context, Exception failure) {
    log.debug("{} {} broke off", context.method(), context.path(), failure);
  }

  private static QueuedThreadPool threads() {
    QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, MIN_THREADS, THREAD_IDLE_MILLIS);
    threads.setName("http");
    return threads;
  }

  private static void record(Context context, Counter active, MetricRegistry metrics) {
    Long started = context.attribute(STARTED);
    if (started == null) {
      return;
    }
    active.dec();
    long nanos = System.nanoTime() - started;
    Endpoint route = context.endpoints().matchedHttpEndpoint();
    metrics
        .timer(
            "%s.%s.%d.%s"
                .formatted(
                    REQUESTS,
                    context.method(),
                    context.statusCode(),
                    route == null ? NO_ROUTE : route.path),
            () -> new Timer(LockFreeExponentiallyDecayingReservoir.builder().build()))
        .update(nanos, TimeUnit.NANOSECONDS);
    access.debug(
        "{} {} {} {} {} us",
        context.ip(),
        context.method(),
        context.path(),
        context.statusCode(),
        TimeUnit.NANOSECONDS.toMicros(nanos));
  }

  /** Returns the port that the edge listens on. */
  public int port() {
    return javalin.port();
  }

  /**
   * Stops listening, waits for running requests for at most the drain timeout, ends the rest.
   * Idempotent.
   */
  @Override
  public void close() {
    try {
      javalin.stop();
    } catch (JavalinException e) {
      // Jetty has stopped all the same; it tells so when it had to end what was still running.
      log.warn("HTTP requests were still running after the drain timeout and were ended", e);
    }
  }
}

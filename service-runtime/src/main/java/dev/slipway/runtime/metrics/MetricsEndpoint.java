package dev.slipway.runtime.metrics;

import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.jmx.JmxReporter;
import com.codahale.metrics.jvm.GarbageCollectorMetricSet;
import com.codahale.metrics.jvm.MemoryUsageGaugeSet;
import com.codahale.metrics.jvm.ThreadStatesGaugeSet;
import dev.slipway.runtime.server.StartupException;
import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;

/**
 * Shows a process's metrics to Prometheus ({@code GET /metrics} on the admin port) and to JMX
 * (domain {@code metrics}). Thread-safe.
 */
public final class MetricsEndpoint implements AutoCloseable {
  private final HTTPServer http;
  private final JmxReporter jmx;

  private MetricsEndpoint(HTTPServer http, JmxReporter jmx) {
    this.http = http;
    this.jmx = jmx;
  }

  /**
   * Adds the JVM's own metrics to the registry and opens the endpoint.
   *
   * @param port 0 for any free port
   * @throws StartupException if the port cannot be had
   */
  public static MetricsEndpoint start(String host, int port, MetricRegistry metrics) {
    metrics.register("jvm.memory", new MemoryUsageGaugeSet());
    metrics.register("jvm.gc", new GarbageCollectorMetricSet());
    metrics.register("jvm.threads", new ThreadStatesGaugeSet());
    PrometheusRegistry prometheus = new PrometheusRegistry();
    prometheus.register(new DropwizardCollector(metrics));
    HTTPServer http;
    try {
      http = HTTPServer.builder().hostname(host).port(port).registry(prometheus).buildAndStart();
    } catch (IOException e) {
      throw StartupException.cannotListen("admin", host, port, "--admin-port", e);
    }
    JmxReporter jmx = JmxReporter.forRegistry(metrics).build();
    jmx.start();
    return new MetricsEndpoint(http, jmx);
  }

  /** Returns the port that the endpoint listens on. */
  public int port() {
    return http.getPort();
  }

  @Override
  public void close() {
    http.close();
    jmx.close();
  }
}

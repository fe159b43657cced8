package dev.slipway.client;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetMetricHistoryResponse;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.Run;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * Is a real tracking service on data of its own that can be stopped and started again, behind a
 * proxy whose address stays.
 */
final class TrackingBackend implements AutoCloseable {
  private final Path data;
  private final CuttingProxy proxy;
  private final SlipwayClient client;
  private GrpcServer server;

  /** Makes a backend that is away: nothing answers behind the address. */
  static TrackingBackend away(Path data) throws IOException {
    return new TrackingBackend(data);
  }

  static TrackingBackend started(Path data) throws IOException {
    TrackingBackend backend = new TrackingBackend(data);
    backend.start();
    return backend;
  }

  private TrackingBackend(Path data) throws IOException {
    this.data = data;
    this.proxy = new CuttingProxy();
    this.client = SlipwayClient.connect(proxy.address());
  }

  void start() {
    server =
        GrpcServer.start(
            new GrpcServerConfig("127.0.0.1", 0, 0, 64 << 20, Duration.ofSeconds(5)),
            UUID.randomUUID().toString(),
            List.of(
                TrackingModule.open(
                    TrackingConfig.below(data), new MetricRegistry(), Clock.systemUTC())),
            new MetricRegistry());
    proxy.forwardTo(server.port());
  }

  /** Stops the service in order, and takes it away. */
  void stop() {
    proxy.forwardTo(CuttingProxy.NOWHERE);
    if (server != null) {
      server.close();
    }
    server = null;
    proxy.cut();
  }

  CuttingProxy proxy() {
    return proxy;
  }

  String address() {
    return proxy.address();
  }

  /** Returns a client through the proxy. */
  SlipwayClient client() {
    return client;
  }

  Run run(String runId) {
    return client.tracking().getRun(GetRunRequest.newBuilder().setRunId(runId).build());
  }

  List<Double> history(String runId, String key) {
    List<Double> values = new ArrayList<>();
    GetMetricHistoryRequest.Builder request =
        GetMetricHistoryRequest.newBuilder().setRunId(runId).setMetricKey(key).setPageSize(100_000);
    GetMetricHistoryResponse page;
    do {
      page = client.tracking().getMetricHistory(request.build());
      values.addAll(page.getPoints().getValueList());
      request.setPageToken(page.getNextPageToken());
    } while (!page.getNextPageToken().isEmpty());
    return values;
  }

  static List<Double> numbers(int count) {
    return IntStream.range(0, count).asDoubleStream().boxed().toList();
  }

  /** Waits until something is so; fails after half a minute. */
  static void await(BooleanSupplier condition) throws InterruptedException {
    for (int i = 0; i < 3_000; i++) {
      if (condition.getAsBoolean()) {
        return;
      }
      Thread.sleep(10);
    }
    throw new AssertionError("it does not come to pass");
  }

  /**
   * Waits until a run that has ended, and was not delivered, has let go of the files that it
   * leaves: its end returns before, when the machine is slow. Returns how the run stands then.
   */
  static RunSummary awaitReleased(ActiveRun run) throws InterruptedException {
    await(() -> run.summary().spill().map(TrackingBackend::isReleased).orElse(false));
    return run.summary();
  }

  private static boolean isReleased(Path session) {
    try (SpillLock lock = SpillLock.tryLock(session).orElse(null)) {
      return lock != null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    client.close();
    try {
      proxy.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (server != null) {
      server.close();
    }
  }
}

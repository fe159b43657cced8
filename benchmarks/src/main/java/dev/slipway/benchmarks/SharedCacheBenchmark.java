package dev.slipway.benchmarks;

import dev.slipway.runtime.config.Commands;
import dev.slipway.serving.v1.CacheSettings;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.ServingServiceGrpc.ServingServiceBlockingStub;
import dev.slipway.serving.v1.ServingSettings;
import dev.slipway.serving.v1.UpdateServingSettingsRequest;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Measures answers that a server finds in Redis, where another has left them, beside computing them
 * and beside finding them in its own memory.
 */
@Command(
    name = "shared-cache",
    mixinStandardHelpOptions = true,
    description =
        "Answers that another server has left in Redis, beside computed ones, those in the server's"
            + " own memory, and a bare gRPC echo. Needs redis-server.")
public final class SharedCacheBenchmark implements Callable<Integer> {
  private static final int CONNECTIONS = 4;
  private static final long POLL_MILLIS = 5;

  @Mixin private ModelLoad asked = new ModelLoad();

  @Option(
      names = "--rows",
      defaultValue = "20000",
      description = "Different rows, each asked about once a line. Default: ${DEFAULT-VALUE}.")
  private int rows;

  @Option(
      names = "--warm-up",
      defaultValue = "10000",
      description = "Rows of each kind before they are measured. Default: ${DEFAULT-VALUE}.")
  private int warmUp;

  @Option(
      names = "--timeout-millis",
      defaultValue = "100",
      description =
          "The most that a call may lose by asking Redis, beyond which it computes. Default:"
              + " ${DEFAULT-VALUE}; a server's own is 5.")
  private int timeoutMillis;

  /** Runs the benchmark and prints a table. */
  public static void main(String[] args) {
    System.exit(Commands.of(new SharedCacheBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    if (!RedisProcess.isInstalled()) {
      System.err.println("no redis-server on the PATH: apt-get install redis-server");
      return 1;
    }
    System.out.printf(
        "%,d rows of %s, one a call, %d callers; all on %d cores%n",
        rows,
        asked.model().modelName(),
        asked.callers(),
        Runtime.getRuntime().availableProcessors());
    System.out.printf(
        "%-22s %10s %8s %8s %10s%n", "answers", "calls/s", "p50 ms", "p99 ms", "beside the first");
    BenchmarkModel model = asked.model();
    InferenceLoad load = new InferenceLoad(asked.callers(), CONNECTIONS);
    try (RedisProcess redis = RedisProcess.start();
        Server first = Server.start(redis, timeoutMillis, model);
        Server second = Server.start(redis, timeoutMillis, model);
        JavaProcess echo =
            JavaProcess.start(List.of(), List.of("dev.slipway.benchmarks.InferenceEchoServer"))) {
      CallLoad.Result computed = measure(load, first.port());
      print("computed", computed, computed);
      first.keepAnswers(model);
      print("computed, and left", measure(load, first.port()), computed);
      second.keepAnswers(model);
      CallLoad.Result found = measure(load, second.port());
      print("found in Redis", found, computed);
      long shared = second.describe(model).getStatistics().getCache().getSharedHits();
      print("found in memory", measure(load, second.port()), computed);
      print("bare echo", measure(load, TrackingProcess.port(echo)), computed);
      System.out.printf(
          "%.1f %% of the answers were in Redis in time%n", 100.0 * shared / (warmUp + rows));
    }
    return 0;
  }

  /** Asks about the rows of the warm-up, then about the others. */
  private CallLoad.Result measure(InferenceLoad load, int port) throws InterruptedException {
    CallLoad.Result unused = load.runEach(port, warmUp, number -> asked.model().row(rows + number));
    return load.runEach(port, rows, asked.model()::row);
  }

  private static void print(String what, CallLoad.Result measured, CallLoad.Result computed) {
    System.out.printf(
        "%-22s %,10.0f %8.3f %8.3f %10.2f%n",
        what,
        measured.callsPerSecond(),
        measured.latencies().medianMillis(),
        measured.latencies().p99Millis(),
        measured.callsPerSecond() / computed.callsPerSecond());
  }

  /** Is an embedded server with the model, whose package is the same on all. */
  private record Server(ScratchFolder scratch, ServingProcess process, ManagedChannel channel)
      implements AutoCloseable {
    static Server start(RedisProcess redis, int timeoutMillis, BenchmarkModel model)
        throws Exception {
      ScratchFolder scratch = ScratchFolder.create();
      ServingProcess process =
          ServingProcess.start(
              scratch.path(),
              List.of(
                  "--serve-cache-redis=redis://127.0.0.1:" + redis.port(),
                  "--serve-cache-redis-timeout-millis=" + timeoutMillis));
      process.publish(model);
      return new Server(scratch, process, Clients.connect(process.port()));
    }

    int port() {
      return process.port();
    }

    private ServingServiceBlockingStub serving() {
      return ServingServiceGrpc.newBlockingStub(channel);
    }

    DescribeModelResponse describe(BenchmarkModel model) {
      return serving()
          .describeModel(DescribeModelRequest.newBuilder().setModel(model.modelName()).build());
    }

    void keepAnswers(BenchmarkModel model) throws InterruptedException {
      CacheSettings on = CacheSettings.newBuilder().setEnabled(true).build();
      ServingSettings changed =
          serving()
              .updateServingSettings(
                  UpdateServingSettingsRequest.newBuilder()
                      .setModel(model.modelName())
                      .setSettings(ServingSettings.newBuilder().setCache(on))
                      .build());
      while (!describe(model).getSettings().getCache().getEnabled()) {
        if (!changed.getCache().getEnabled()) {
          throw new IllegalStateException("the cache is off: " + changed);
        }
        Thread.sleep(POLL_MILLIS);
      }
    }

    @Override
    public void close() throws IOException {
      channel.shutdownNow();
      try (scratch) {
        process.close();
      }
    }
  }
}

package dev.slipway.benchmarks;

import dev.slipway.runtime.config.Commands;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.tracking.v1.QueryMetricsRequest;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.ManagedChannel;
import java.sql.Connection;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures a chart of a long metric, beside reading all its chunks by bare SQL. */
@Command(
    name = "chart",
    mixinStandardHelpOptions = true,
    description = "QueryMetrics of one long metric, beside reading its chunks by bare SQL.")
public final class ChartBenchmark implements Callable<Integer> {
  private static final int REPETITIONS = 100;

  @Mixin private final BenchmarkOptions options = new BenchmarkOptions();

  @Option(
      names = "--points",
      defaultValue = "1000000",
      description = "Points of the metric. Default: ${DEFAULT-VALUE}.")
  private long points;

  @Option(
      names = "--buckets",
      defaultValue = "500",
      description = "Buckets of the chart. Default: ${DEFAULT-VALUE}.")
  private int buckets;

  /** Runs the benchmark and prints a table. */
  public static void main(String[] args) {
    System.exit(Commands.of(new ChartBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    System.out.println("one caller in this process; " + BenchmarkOptions.SERVER_PLACE);
    System.out.printf(
        "%-9s %12s %8s %10s %10s %14s %6s%n",
        "database", "points", "buckets", "p50 ms", "p99 ms", "chunks p50 ms", "ratio");
    for (DatabaseKind kind : options.databases()) {
      try (Databases databases = new Databases()) {
        DatabaseConfig database = databases.create(kind);
        LongSeries series = LongSeries.write(database, points);
        Latencies ours = chart(database, series);
        Latencies limit;
        try (Connection connection = Databases.connect(database)) {
          limit = Latencies.of(REPETITIONS, () -> series.readChunks(connection));
        }
        System.out.printf(
            "%-9s %,12d %8d %10.1f %10.1f %14.1f %6.2f%n",
            kind,
            points,
            buckets,
            ours.medianMillis(),
            ours.p99Millis(),
            limit.medianMillis(),
            ours.medianMillis() / limit.medianMillis());
      }
    }
    return 0;
  }

  private Latencies chart(DatabaseConfig database, LongSeries series) throws Exception {
    QueryMetricsRequest request =
        QueryMetricsRequest.newBuilder()
            .addRunIds(series.run())
            .addMetricKeys(LongSeries.KEY)
            .setBuckets(buckets)
            .build();
    try (TrackingProcess server = TrackingProcess.start(database)) {
      ManagedChannel channel = Clients.connect(server.port());
      try {
        var stub = TrackingServiceGrpc.newBlockingStub(channel);
        return Latencies.of(
            REPETITIONS,
            () -> {
              long shown = stub.queryMetrics(request).next().getSeries().getPointCount();
              if (shown != series.points()) {
                throw new IllegalStateException("the chart shows " + shown + " points");
              }
              return shown;
            });
      } finally {
        channel.shutdownNow();
      }
    }
  }
}

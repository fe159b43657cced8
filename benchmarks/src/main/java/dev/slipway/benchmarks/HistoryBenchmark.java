package dev.slipway.benchmarks;

import dev.slipway.runtime.config.Commands;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetMetricHistoryResponse;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import io.grpc.ManagedChannel;
import java.sql.Connection;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures paging through the points of a long metric, beside reading its chunks by bare SQL. */
@Command(
    name = "history",
    mixinStandardHelpOptions = true,
    description =
        "GetMetricHistory of one long metric, page by page, beside its chunks by bare SQL.")
public final class HistoryBenchmark implements Callable<Integer> {
  private static final int REPETITIONS = 10;

  @Mixin private final BenchmarkOptions options = new BenchmarkOptions();

  @Option(
      names = "--points",
      defaultValue = "1000000",
      description = "Points of the metric. Default: ${DEFAULT-VALUE}.")
  private long points;

  @Option(
      names = "--page-size",
      defaultValue = "10000",
      description = "Points per page. Default: ${DEFAULT-VALUE}.")
  private int pageSize;

  /** Runs the benchmark and prints a table. */
  public static void main(String[] args) {
    System.exit(Commands.of(new HistoryBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    System.out.println("one caller in this process; " + BenchmarkOptions.SERVER_PLACE);
    System.out.printf(
        "%-9s %12s %10s %12s %14s %14s %6s%n",
        "database", "points", "page size", "all, ms", "points/s", "chunks, ms", "ratio");
    for (DatabaseKind kind : options.databases()) {
      try (Databases databases = new Databases()) {
        DatabaseConfig database = databases.create(kind);
        LongSeries series = LongSeries.write(database, points);
        Latencies ours = history(database, series);
        Latencies limit;
        try (Connection connection = Databases.connect(database)) {
          limit = Latencies.of(REPETITIONS, () -> series.readChunks(connection));
        }
        System.out.printf(
            "%-9s %,12d %,10d %,12.1f %,14.0f %14.1f %6.2f%n",
            kind,
            points,
            pageSize,
            ours.medianMillis(),
            points * 1e3 / ours.medianMillis(),
            limit.medianMillis(),
            ours.medianMillis() / limit.medianMillis());
      }
    }
    return 0;
  }

  private Latencies history(DatabaseConfig database, LongSeries series) throws Exception {
    try (TrackingProcess server = TrackingProcess.start(database)) {
      ManagedChannel channel = Clients.connect(server.port());
      try {
        TrackingServiceBlockingStub stub = TrackingServiceGrpc.newBlockingStub(channel);
        return Latencies.of(REPETITIONS, () -> readAll(stub, series));
      } finally {
        channel.shutdownNow();
      }
    }
  }

  private long readAll(TrackingServiceBlockingStub stub, LongSeries series) {
    GetMetricHistoryRequest.Builder request =
        GetMetricHistoryRequest.newBuilder()
            .setRunId(series.run())
            .setMetricKey(LongSeries.KEY)
            .setPageSize(pageSize);
    long read = 0;
    do {
      GetMetricHistoryResponse page = stub.getMetricHistory(request.build());
      read += page.getPoints().getStepCount();
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
    if (read != series.points()) {
      throw new IllegalStateException("the history has " + read + " points");
    }
    return read;
  }
}

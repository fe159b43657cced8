package dev.slipway.benchmarks;

import dev.slipway.runtime.config.Commands;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures ingest into a database that holds many points already, beside the empty one. */
@Command(
    name = "ingest-large",
    mixinStandardHelpOptions = true,
    description = "Durable metric points per second with many points stored, beside none stored.")
public final class LargeIngestBenchmark implements Callable<Integer> {
  private static final Shape PRELOAD = new Shape(50, 1000);

  @Mixin private final BenchmarkOptions options = new BenchmarkOptions();

  @Option(
      names = "--points",
      defaultValue = "50000000",
      description = "Points that are stored first. Default: ${DEFAULT-VALUE}.")
  private long points;

  @Option(
      names = "--shape",
      defaultValue = "16x100",
      converter = ShapeConverter.class,
      description = "Streams x points per batch of what is measured. Default: ${DEFAULT-VALUE}.")
  private Shape shape;

  /** Runs the benchmark and prints a table. */
  public static void main(String[] args) {
    System.exit(Commands.of(new LargeIngestBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    System.out.println("clients in this process; " + BenchmarkOptions.SERVER_PLACE);
    System.out.printf(
        "%-9s %-9s %14s %14s %14s %6s%n",
        "database", "load", "points stored", "points/s", "empty", "ratio");
    for (DatabaseKind kind : options.databases()) {
      try (Databases databases = new Databases();
          TrackingProcess server = TrackingProcess.start(databases.create(kind))) {
        double empty = measure(server);
        long batches = points / PRELOAD.points() / PRELOAD.streams();
        try (MetricLoad preload = MetricLoad.start(server.port(), PRELOAD, batches)) {
          preload.await();
        }
        double full = measure(server);
        System.out.printf(
            "%-9s %-9s %,14d %,14.0f %,14.0f %6.2f%n",
            kind, shape, points, full, empty, full / empty);
      }
    }
    return 0;
  }

  private double measure(TrackingProcess server) throws InterruptedException {
    try (MetricLoad load = MetricLoad.start(server.port(), shape, Long.MAX_VALUE)) {
      load.run(options.warmUp());
      return load.run(options.duration());
    }
  }
}

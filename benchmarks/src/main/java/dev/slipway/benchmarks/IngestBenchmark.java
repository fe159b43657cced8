package dev.slipway.benchmarks;

import dev.slipway.runtime.config.Commands;
import dev.slipway.runtime.database.DatabaseConfig;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Measures how many metric points a second become durable, beside the same segments written by bare
 * JDBC in commits of the same size.
 */
@Command(
    name = "ingest",
    mixinStandardHelpOptions = true,
    description = "Durable metric points per second over StreamMetrics.")
public final class IngestBenchmark implements Callable<Integer> {
  @Mixin private final BenchmarkOptions options = new BenchmarkOptions();

  @Option(
      names = "--shapes",
      split = ",",
      defaultValue = "16x1,16x100,16x1000,200x100",
      converter = ShapeConverter.class,
      description = "Streams x points per batch. Default: ${DEFAULT-VALUE}.")
  private List<Shape> shapes;

  /** Runs the benchmark and prints a table. */
  public static void main(String[] args) {
    System.exit(Commands.of(new IngestBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    System.out.println("clients in this process; " + BenchmarkOptions.SERVER_PLACE);
    System.out.printf(
        "%-9s %-9s %14s %14s %6s %14s %14s%n",
        "database", "load", "points/s", "bare JDBC", "ratio", "points/commit", "CPU ns/point");
    for (DatabaseKind kind : options.databases()) {
      for (Shape shape : shapes) {
        measure(kind, shape);
      }
    }
    return 0;
  }

  private void measure(DatabaseKind kind, Shape shape) throws Exception {
    try (Databases databases = new Databases()) {
      DatabaseConfig database = databases.create(kind);
      double rate;
      Duration processorTime;
      long points;
      try (TrackingProcess server = TrackingProcess.start(database);
          MetricLoad load = MetricLoad.start(server.port(), shape, Long.MAX_VALUE)) {
        load.run(options.warmUp());
        Duration processorTimeBefore = server.process().processorTime();
        long pointsBefore = load.acknowledgedPoints();
        rate = load.run(options.duration());
        points = load.acknowledgedPoints() - pointsBefore;
        processorTime = server.process().processorTime().minus(processorTimeBefore);
      }
      SegmentReplay replay = SegmentReplay.read(database);
      double limit =
          replay.pointsPerSecond(databases.create(kind), options.warmUp(), options.duration());
      System.out.printf(
          "%-9s %-9s %,14.0f %,14.0f %6.2f %,14.0f %,14.0f%n",
          kind,
          shape,
          rate,
          limit,
          rate / limit,
          replay.pointsPerCommit(),
          (double) processorTime.toNanos() / points);
    }
  }
}

package dev.slipway.benchmarks;

import com.codahale.metrics.MetricRegistry;
import com.google.common.util.concurrent.ListenableFuture;
import dev.slipway.runtime.config.Commands;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.database.Dialect;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.SearchRunsResponse;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceFutureStub;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Measures searches over many runs, each beside the SQL that a hand would write for it over JDBC on
 * the same database, and beside an empty call.
 */
@Command(
    name = "search",
    mixinStandardHelpOptions = true,
    description = "SearchRuns over many runs, a page of 100, beside bare SQL and an empty call.")
public final class SearchBenchmark implements Callable<Integer> {
  private static final int REPETITIONS = 400;
  private static final int PAGE = 100;

  @Mixin private final BenchmarkOptions options = new BenchmarkOptions();

  @Option(
      names = "--runs",
      defaultValue = "100000",
      description = "Runs of the experiment. Default: ${DEFAULT-VALUE}.")
  private int runs;

  @Option(
      names = "--callers",
      defaultValue = "8",
      description = "Callers at the same time, for the last column. Default: ${DEFAULT-VALUE}.")
  private int callers;

  /** Runs the benchmark and prints a table. */
  public static void main(String[] args) {
    System.exit(Commands.of(new SearchBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    System.out.printf(
        "%,d runs with %d params, %d metrics and 4 tags each; callers in this process; %s%n",
        runs, SearchData.PARAMS, SearchData.METRICS, BenchmarkOptions.SERVER_PLACE);
    for (DatabaseKind kind : options.databases()) {
      try (Databases databases = new Databases()) {
        measure(kind, databases.create(kind));
      }
    }
    return 0;
  }

  private void measure(DatabaseKind kind, DatabaseConfig config) throws Exception {
    long started = System.nanoTime();
    long experiment = load(config);
    System.out.printf(
        "%n%s, filled in %.0f s%n%-44s %8s %8s %9s %9s %6s %8s %8s%n",
        kind,
        (System.nanoTime() - started) / 1e9,
        "page of " + PAGE,
        "p50 ms",
        "p99 ms",
        "SQL p50",
        "SQL p99",
        "ratio",
        callers + "x p50",
        "p99");
    Map<SearchCase, Latencies> bare = bare(config, experiment);
    Latencies bareWalk = bareWalk(config, experiment);
    try (TrackingProcess server = TrackingProcess.start(config)) {
      ManagedChannel channel = Clients.connect(server.port());
      try {
        HealthGrpc.HealthBlockingStub health = HealthGrpc.newBlockingStub(channel);
        Latencies empty =
            Latencies.of(
                REPETITIONS * 5, () -> health.check(HealthCheckRequest.getDefaultInstance()));
        System.out.printf(
            "%-44s %8.2f %8.2f%n", "an empty call", empty.medianMillis(), empty.p99Millis());
        for (SearchCase search : SearchCase.values()) {
          measure(search, bare.get(search), channel, experiment);
        }
        walk(TrackingServiceGrpc.newBlockingStub(channel), experiment, bareWalk);
      } finally {
        channel.shutdownNow();
      }
    }
  }

  private long load(DatabaseConfig config) throws SQLException {
    Database database =
        Database.open(config, "tracking", "db/migration/tracking", new MetricRegistry());
    database.close();
    try (Connection connection = Databases.connect(config)) {
      long experiment = SearchData.load(connection, runs);
      try (Statement statement = connection.createStatement()) {
        // What PostgreSQL does by itself within a minute.
        statement.execute(config.dialect() == Dialect.H2 ? "ANALYZE" : "VACUUM ANALYZE");
      }
      return experiment;
    }
  }

  /** Measures apart from the service: an H2 file has one process at a time. */
  private static Map<SearchCase, Latencies> bare(DatabaseConfig config, long experiment)
      throws Exception {
    Map<SearchCase, Latencies> bare = new EnumMap<>(SearchCase.class);
    for (SearchCase search : SearchCase.values()) {
      try (Connection connection = Databases.connect(config);
          BareSearch sql = new BareSearch(connection, config.dialect(), experiment)) {
        AtomicInteger number = new AtomicInteger();
        bare.put(
            search,
            Latencies.of(
                REPETITIONS, () -> search.check(sql.search(search, number.incrementAndGet()))));
      }
    }
    return bare;
  }

  private Latencies bareWalk(DatabaseConfig config, long experiment) throws Exception {
    try (Connection connection = Databases.connect(config);
        BareSearch sql = new BareSearch(connection, config.dialect(), experiment)) {
      return walk(sql::nextOfAll);
    }
  }

  private void measure(SearchCase search, Latencies limit, ManagedChannel channel, long experiment)
      throws Exception {
    TrackingServiceBlockingStub stub = TrackingServiceGrpc.newBlockingStub(channel);
    AtomicInteger number = new AtomicInteger();
    Latencies one =
        Latencies.of(
            REPETITIONS,
            () ->
                search.check(
                    stub.searchRuns(search.request(experiment, number.incrementAndGet()))
                        .getRunsCount()));
    TrackingServiceFutureStub later = TrackingServiceGrpc.newFutureStub(channel);
    List<Supplier<ListenableFuture<?>>> calls =
        Collections.nCopies(
            callers, () -> later.searchRuns(search.request(experiment, number.incrementAndGet())));
    CallLoad.Result unused = CallLoad.run(calls, options.warmUp().dividedBy(4));
    Latencies many = CallLoad.run(calls, options.duration().dividedBy(2)).latencies();
    System.out.printf(
        "%-44s %8.2f %8.2f %9.2f %9.2f %6.2f %8.2f %8.2f%n",
        search.title(),
        one.medianMillis(),
        one.p99Millis(),
        limit.medianMillis(),
        limit.p99Millis(),
        one.medianMillis() / limit.medianMillis(),
        many.medianMillis(),
        many.p99Millis());
  }

  private void walk(TrackingServiceBlockingStub stub, long experiment, Latencies limit)
      throws Exception {
    SearchRunsRequest.Builder request =
        SearchRunsRequest.newBuilder()
            .addExperimentIds(Long.toString(experiment))
            .setPageSize(PAGE);
    Latencies pages =
        walk(
            () -> {
              SearchRunsResponse answer = stub.searchRuns(request.build());
              request.setPageToken(answer.getNextPageToken());
              return answer.getRunsCount();
            });
    if (!request.getPageToken().isEmpty()) {
      throw new IllegalStateException("there is a page after the last one");
    }
    System.out.printf(
        "%-44s %8.2f %8.2f %9.2f %9.2f %6.2f%n",
        "(d) all " + pages() + " pages, one after the other",
        pages.medianMillis(),
        pages.p99Millis(),
        limit.medianMillis(),
        limit.p99Millis(),
        pages.medianMillis() / limit.medianMillis());
  }

  private int pages() {
    return (runs + PAGE - 1) / PAGE;
  }

  /**
   * Reads the pages of the list of all runs, each call the next one, which says how many it has.
   */
  private Latencies walk(Callable<Integer> nextPage) throws Exception {
    long[] nanos = new long[pages()];
    int seen = 0;
    for (int page = 0; page < nanos.length; page++) {
      long started = System.nanoTime();
      seen += nextPage.call();
      nanos[page] = System.nanoTime() - started;
    }
    if (seen != runs) {
      throw new IllegalStateException("the pages hold " + seen + " runs");
    }
    return Latencies.ofNanos(nanos);
  }
}

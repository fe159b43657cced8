package dev.slipway.tracking;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.server.ServiceModule;
import dev.slipway.tracking.rpc.TrackingGrpcService;
import dev.slipway.tracking.rpc.WatchRpcs;
import dev.slipway.tracking.service.Ingest;
import dev.slipway.tracking.service.ListCalls;
import dev.slipway.tracking.service.Retention;
import dev.slipway.tracking.service.WatchFeed;
import dev.slipway.tracking.store.ChunkStore;
import dev.slipway.tracking.store.ExperimentStore;
import dev.slipway.tracking.store.FeedStore;
import dev.slipway.tracking.store.LineageStore;
import dev.slipway.tracking.store.LoggedModelStore;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.PurgeStore;
import dev.slipway.tracking.store.RunStore;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.BindableService;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Set;

/** Is the tracking service as its process hosts it. */
public final class TrackingModule implements ServiceModule {
  private final Database database;
  private final Ingest ingest;
  private final WatchFeed feed;
  private final WatchRpcs watches;
  private final List<BindableService> services;
  private boolean closed;

  private TrackingModule(
      Database database,
      Ingest ingest,
      WatchFeed feed,
      WatchRpcs watches,
      List<BindableService> services) {
    this.database = database;
    this.ingest = ingest;
    this.feed = feed;
    this.watches = watches;
    this.services = services;
  }

  /**
   * Opens the database, creates and migrates what is absent, and folds what an earlier process left
   * behind.
   *
   * @throws dev.slipway.runtime.database.DatabaseException if the database does not answer
   */
  public static TrackingModule open(TrackingConfig config, MetricRegistry metrics, Clock clock) {
    Database database =
        Database.open(config.database(), "tracking", "db/migration/tracking", metrics);
    try {
      return open(database, config, metrics, clock);
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  private static TrackingModule open(
      Database database, TrackingConfig config, MetricRegistry metrics, Clock clock) {
    ExperimentStore experiments = new ExperimentStore(database, config.artifactRoot());
    experiments.ensureDefault(clock.instant());
    RunStore runs = new RunStore(database);
    MetricStore metricStore = new MetricStore(database);
    FeedStore changes = new FeedStore(database);
    WatchFeed feed = new WatchFeed(changes);
    changes.onChange(feed::hint);
    Ingest ingest =
        Ingest.start(
            metricStore,
            new ChunkStore(database),
            runs,
            config.compaction(),
            config.streamBytes(),
            clock,
            feed::hint,
            metrics);
    ListCalls lists = new ListCalls(config.database().poolSize());
    WatchRpcs watches = new WatchRpcs(feed, changes, experiments, runs, clock);
    metrics.gauge("tracking.watches", () -> (Gauge<Integer>) watches::open);
    metrics.gauge("tracking.watched", () -> (Gauge<Integer>) feed::watched);
    TrackingGrpcService service =
        new TrackingGrpcService(
            experiments,
            runs,
            metricStore,
            new LineageStore(database),
            new LoggedModelStore(database),
            ingest.runs(),
            ingest.streams(),
            lists,
            watches,
            new Retention(new PurgeStore(database)),
            clock,
            new SecureRandom());
    feed.start();
    return new TrackingModule(database, ingest, feed, watches, List.of(service));
  }

  @Override
  public String name() {
    return "tracking";
  }

  @Override
  public List<BindableService> services() {
    return services;
  }

  @Override
  public Set<String> nonBlockingMethods() {
    return Set.of(
        TrackingServiceGrpc.getLogBatchMethod().getFullMethodName(),
        TrackingServiceGrpc.getSetRunTagsMethod().getFullMethodName(),
        TrackingServiceGrpc.getStreamMetricsMethod().getFullMethodName());
  }

  @Override
  public boolean ready() {
    return ingest.isOpen() && database.answers();
  }

  @Override
  public void drain() {
    ingest.streams().drain();
    watches.drain();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      watches.close();
      feed.close();
      ingest.close();
      database.close();
    }
  }
}

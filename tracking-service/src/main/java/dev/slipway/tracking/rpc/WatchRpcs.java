package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.tracking.service.GroupCommitter.StoppingException;
import dev.slipway.tracking.service.WatchFeed;
import dev.slipway.tracking.store.ExperimentStore;
import dev.slipway.tracking.store.FeedStore;
import dev.slipway.tracking.store.RunStore;
import dev.slipway.tracking.v1.WatchExperimentRequest;
import dev.slipway.tracking.v1.WatchExperimentResponse;
import dev.slipway.tracking.v1.WatchRunRequest;
import dev.slipway.tracking.v1.WatchRunResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Clock;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Holds the watches of this process. Thread-safe. */
public final class WatchRpcs implements AutoCloseable {
  /** Each holds a little memory and, by its log of changes, some more. */
  private static final int MAX_WATCHES = 2_000;

  private final WatchFeed feed;
  private final FeedStore changes;
  private final ExperimentStore experiments;
  private final RunStore runs;
  private final Clock clock;
  private final int maxWatches;
  private final WatchThreads threads = new WatchThreads();
  private final Set<Watch<?>> watches = ConcurrentHashMap.newKeySet();
  private volatile boolean draining;

  /** Creates it over a feed that the caller owns. */
  public WatchRpcs(
      WatchFeed feed, FeedStore changes, ExperimentStore experiments, RunStore runs, Clock clock) {
    this(feed, changes, experiments, runs, clock, MAX_WATCHES);
  }

  WatchRpcs(
      WatchFeed feed,
      FeedStore changes,
      ExperimentStore experiments,
      RunStore runs,
      Clock clock,
      int maxWatches) {
    this.feed = feed;
    this.changes = changes;
    this.experiments = experiments;
    this.runs = runs;
    this.clock = clock;
    this.maxWatches = maxWatches;
    threads.everySecond(feed::endIfStalled);
  }

  void watchRun(WatchRunRequest message, ServerCallStreamObserver<WatchRunResponse> call) {
    WatchRequests.OfRun request = WatchRequests.watchRun(message);
    requireRoom();
    runs.getInfo(request.id());
    open(new RunWatch(request, call, feed, changes, runs, clock, threads, watches::remove));
  }

  void watchExperiment(
      WatchExperimentRequest message, ServerCallStreamObserver<WatchExperimentResponse> call) {
    WatchRequests.OfExperiment request = WatchRequests.watchExperiment(message);
    requireRoom();
    experiments.get(request.id());
    open(
        new ExperimentWatch(
            request, call, feed, changes, experiments, runs, clock, threads, watches::remove));
  }

  private void requireRoom() {
    if (draining) {
      throw new StoppingException();
    }
    if (watches.size() >= maxWatches) {
      throw new TooManyWatchesException(maxWatches);
    }
  }

  private void open(Watch<?> watch) {
    watches.add(watch);
    watch.start();
    if (draining) {
      // The drain may have passed before the watch was among those that it ends.
      watch.end(new StoppingException());
    }
  }

  /** Returns how many watches there are. */
  public int open() {
    return watches.size();
  }

  /** Ends all watches, as the server stops, and opens no more. */
  public void drain() {
    draining = true;
    watches.forEach(watch -> watch.end(new StoppingException()));
  }

  /** Ends the threads. */
  @Override
  public void close() {
    drain();
    threads.close();
  }

  /** Reports that a server has no room for another watch. */
  static final class TooManyWatchesException extends ServiceException {
    private static final long serialVersionUID = 1L;

    TooManyWatchesException(int limit) {
      super(
          ErrorKind.RESOURCE_EXHAUSTED,
          "TOO_MANY_WATCHES",
          "this server has " + limit + " watches already; try another replica",
          Map.of("limit", Integer.toString(limit)));
    }
  }
}

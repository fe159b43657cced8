package dev.slipway.registry.rpc;

import dev.slipway.registry.service.RegistryFeed;
import dev.slipway.registry.service.RevisionInFutureException;
import dev.slipway.registry.service.ShuttingDownException;
import dev.slipway.registry.service.TooManyWatchesException;
import dev.slipway.registry.store.RegistryEventStore;
import dev.slipway.registry.v1.WatchRegistryResponse;
import dev.slipway.runtime.database.GracefulStop;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Holds the watches of this server and the few threads that serve all of them. Thread-safe.
 *
 * <p>Snapshots have threads of their own, since they wait for their reader inside a database
 * transaction; one whose reader does not read gives its place up soon.
 */
public final class RegistryWatches implements AutoCloseable {
  private static final int SENDERS = 2;
  private static final int SNAPSHOTS = 2;

  private final RegistryFeed feed;
  private final RegistryEventStore events;
  private final ExecutorService senders;
  private final ExecutorService snapshots =
      Executors.newFixedThreadPool(SNAPSHOTS, threads("registry-snapshot"));
  private final ScheduledThreadPoolExecutor heartbeats =
      new ScheduledThreadPoolExecutor(1, threads("registry-heartbeat"));
  private final Set<RegistryWatch> watches = ConcurrentHashMap.newKeySet();
  private final Limits limits;
  private volatile boolean draining;

  /**
   * Says how much is done for watchers.
   *
   * @param watches how many there are at most
   * @param snapshot how long a snapshot may take from its first part to its last
   * @param stall how long its reader may read nothing
   */
  record Limits(int watches, Duration snapshot, Duration stall) {
    static final Limits DEFAULT =
        new Limits(10_000, Duration.ofSeconds(60), Duration.ofSeconds(10));
  }

  /** Creates it over a feed that the caller owns. */
  public RegistryWatches(RegistryFeed feed, RegistryEventStore events) {
    this(feed, events, Limits.DEFAULT);
  }

  RegistryWatches(RegistryFeed feed, RegistryEventStore events, Limits limits) {
    this(feed, events, limits, Executors.newFixedThreadPool(SENDERS, threads("registry-watch")));
  }

  /**
   * Creates it with threads for the events.
   *
   * @param senders owned by the new object
   */
  RegistryWatches(
      RegistryFeed feed, RegistryEventStore events, Limits limits, ExecutorService senders) {
    this.feed = feed;
    this.events = events;
    this.limits = limits;
    this.senders = senders;
    // Else the heartbeats of watches that are over stay queued, and hold them, until they are due.
    heartbeats.setRemoveOnCancelPolicy(true);
  }

  /** Serves one watch until its caller cancels. */
  void open(
      RegistryRequests.Watch request, ServerCallStreamObserver<WatchRegistryResponse> observer) {
    if (watches.size() >= limits.watches()) {
      throw new TooManyWatchesException(limits.watches());
    }
    if (request.fromRevision() > 0) {
      long present = events.revision();
      if (request.fromRevision() > present) {
        throw new RevisionInFutureException(request.fromRevision(), present);
      }
    }
    RegistryWatch watch =
        new RegistryWatch(request, observer, feed, events, senders, limits, watches::remove);
    watches.add(watch);
    watch.start(snapshots, heartbeats);
    if (draining) {
      watch.end(new ShuttingDownException());
    }
  }

  /** Ends all watches; those that are opened from now on end at once. */
  public void drain() {
    draining = true;
    watches.forEach(watch -> watch.end(new ShuttingDownException()));
  }

  /** Ends all watches and then the threads, none of them in the middle of a read. */
  @Override
  public void close() {
    drain();
    heartbeats.shutdownNow();
    GracefulStop.stop(snapshots);
    GracefulStop.stop(senders);
  }

  private static ThreadFactory threads(String name) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }
}

package dev.slipway.registry.rpc;

import dev.slipway.registry.service.RegistryFeed;
import dev.slipway.registry.service.RevisionInFutureException;
import dev.slipway.registry.service.ShuttingDownException;
import dev.slipway.registry.service.TooManyWatchesException;
import dev.slipway.registry.store.RegistryEventStore;
import dev.slipway.registry.v1.WatchRegistryResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Holds the watches of this server and the few threads that serve all of them. Thread-safe.
 *
 * <p>Snapshots have threads of their own, since they wait for their reader inside a database
 * transaction.
 */
public final class RegistryWatches implements AutoCloseable {
  private static final int MAX_WATCHES = 10_000;
  private static final int SENDERS = 2;
  private static final int SNAPSHOTS = 2;
  private static final long CLOSE_SECONDS = 5;

  private final RegistryFeed feed;
  private final RegistryEventStore events;
  private final ExecutorService senders =
      Executors.newFixedThreadPool(SENDERS, threads("registry-watch"));
  private final ExecutorService snapshots =
      Executors.newFixedThreadPool(SNAPSHOTS, threads("registry-snapshot"));
  private final ScheduledExecutorService heartbeats =
      Executors.newSingleThreadScheduledExecutor(threads("registry-heartbeat"));
  private final Set<RegistryWatch> watches = ConcurrentHashMap.newKeySet();
  private volatile boolean draining;

  /** Creates it over a feed that the caller owns. */
  public RegistryWatches(RegistryFeed feed, RegistryEventStore events) {
    this.feed = feed;
    this.events = events;
  }

  /** Serves one watch until its caller cancels. */
  void open(
      RegistryRequests.Watch request, ServerCallStreamObserver<WatchRegistryResponse> observer) {
    if (watches.size() >= MAX_WATCHES) {
      throw new TooManyWatchesException(MAX_WATCHES);
    }
    if (request.fromRevision() > 0) {
      long present = events.revision();
      if (request.fromRevision() > present) {
        throw new RevisionInFutureException(request.fromRevision(), present);
      }
    }
    RegistryWatch watch =
        new RegistryWatch(request, observer, feed, events, senders, watches::remove);
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

  /** Ends the threads. */
  @Override
  public void close() {
    drain();
    heartbeats.shutdownNow();
    snapshots.shutdownNow();
    senders.shutdown();
    try {
      if (!senders.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        senders.shutdownNow();
      }
      var unused = snapshots.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
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

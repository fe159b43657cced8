package dev.slipway.registry.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.service.RegistryFeed;
import dev.slipway.registry.service.SnapshotTooSlowException;
import dev.slipway.registry.store.RegistryEventStore;
import dev.slipway.registry.v1.RegistryHeartbeat;
import dev.slipway.registry.v1.RegistrySnapshot;
import dev.slipway.registry.v1.WatchRegistryResponse;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.runtime.error.StatusMapper;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Is one WatchRegistry call.
 *
 * <p>State: first a snapshot when one was asked for, then events. Whatever may let it go on (new
 * events, the caller having read, a heartbeat being due) calls {@link #wake}; the work itself runs
 * on one sender thread at a time, so that the stream is written by one thread at a time. It writes
 * only while the transport has room, and holds no more than one page of events; after a page it
 * queues up again, so that one with much to catch up on does not keep the others waiting.
 */
final class RegistryWatch {
  /** Who may write to the stream. */
  private enum Phase {
    /** The senders, and only a failure: the snapshot has not been begun. */
    NEW,
    /** The thread of the snapshot; it sees failures by itself. */
    SNAPSHOT,
    /** The senders. */
    FOLLOW
  }

  private final RegistryRequests.Watch request;
  private final WatchedNames names;
  private final ServerCallStreamObserver<WatchRegistryResponse> observer;
  private final RegistryFeed feed;
  private final RegistryEventStore events;
  private final Executor senders;
  private final RegistryWatches.Limits limits;
  private final Consumer<RegistryWatch> ended;
  private final AtomicInteger wakes = new AtomicInteger();
  private final Object lock = new Object();

  @GuardedBy("lock")
  private boolean over;

  @GuardedBy("lock")
  private RuntimeException failure;

  @GuardedBy("lock")
  private RegistryFeed.Subscription subscription;

  @GuardedBy("lock")
  private ScheduledFuture<?> heartbeat;

  @GuardedBy("lock")
  private Phase phase = Phase.NEW;

  /** Revision up to which everything was sent; written by the thread that sends. */
  private volatile long position;

  private volatile long lastSentNanos;

  RegistryWatch(
      RegistryRequests.Watch request,
      ServerCallStreamObserver<WatchRegistryResponse> observer,
      RegistryFeed feed,
      RegistryEventStore events,
      Executor senders,
      RegistryWatches.Limits limits,
      Consumer<RegistryWatch> ended) {
    this.request = request;
    this.names = new WatchedNames(request.names());
    this.observer = observer;
    this.feed = feed;
    this.events = events;
    this.senders = senders;
    this.limits = limits;
    this.ended = ended;
    observer.setOnReadyHandler(this::ready);
    observer.setOnCancelHandler(this::finish);
    observer.setOnCloseHandler(this::finish);
  }

  /** Begins; called once. */
  void start(Executor snapshots, ScheduledExecutorService heartbeats) {
    lastSentNanos = System.nanoTime();
    if (request.fromRevision() == 0) {
      snapshots.execute(this::sendSnapshot);
    } else {
      position = request.fromRevision();
      follow();
    }
    long period = request.heartbeat().toMillis();
    synchronized (lock) {
      if (over) {
        return;
      }
      subscription = feed.subscribe(this::wake);
      heartbeat =
          heartbeats.scheduleWithFixedDelay(
              this::wakeWhenSilent, period, Math.max(20, period / 4), TimeUnit.MILLISECONDS);
    }
    wake();
  }

  /** Ends the stream with a failure, on a sender thread. */
  void end(RuntimeException reason) {
    synchronized (lock) {
      if (failure == null) {
        failure = reason;
      }
      lock.notifyAll();
    }
    wake();
  }

  private void ready() {
    synchronized (lock) {
      lock.notifyAll();
    }
    wake();
  }

  private void wakeWhenSilent() {
    if (silent()) {
      wake();
    }
  }

  private boolean silent() {
    return System.nanoTime() - lastSentNanos >= request.heartbeat().toNanos();
  }

  private void wake() {
    if (wakes.getAndIncrement() == 0) {
      execute();
    }
  }

  private void execute() {
    try {
      senders.execute(this::run);
    } catch (RejectedExecutionException e) {
      finish();
    }
  }

  private void run() {
    int seen = wakes.get();
    try {
      step();
    } catch (RuntimeException e) {
      fail(e);
    }
    if (!wakes.compareAndSet(seen, 0)) {
      execute();
    }
  }

  private void step() {
    synchronized (lock) {
      if (over || phase == Phase.SNAPSHOT) {
        return;
      }
      if (failure != null) {
        throw failure;
      }
      if (phase == Phase.NEW) {
        return;
      }
    }
    sendEvents();
    if (silent() && observer.isReady()) {
      send(
          WatchRegistryResponse.newBuilder()
              .setHeartbeat(RegistryHeartbeat.newBuilder().setRevision(position))
              .build());
    }
  }

  private void sendEvents() {
    if (!observer.isReady() || position >= feed.head()) {
      return;
    }
    for (RegistryEvent event : feed.after(position)) {
      if (!observer.isReady()) {
        return;
      }
      if (names.matches(event)) {
        send(WatchRegistryResponse.newBuilder().setEvent(RegistryProtos.event(event)).build());
      }
      position = event.revision();
    }
    if (position < feed.head()) {
      wake();
    }
  }

  private void follow() {
    synchronized (lock) {
      phase = Phase.FOLLOW;
    }
  }

  private void sendSnapshot() {
    synchronized (lock) {
      if (over || failure != null) {
        return;
      }
      phase = Phase.SNAPSHOT;
    }
    try {
      Parts parts = new Parts(System.nanoTime() + limits.snapshot().toNanos());
      long revision = events.snapshot(names.names(), parts);
      events.awaitDurable();
      parts.awaitReady();
      send(part(revision).setLast(true));
      position = revision;
    } catch (RuntimeException e) {
      end(e);
    } finally {
      follow();
      wake();
    }
  }

  /** Sends parts while the reader keeps up: its transaction and its thread are few. */
  private final class Parts implements RegistryEventStore.SnapshotReceiver {
    private final long deadlineNanos;

    Parts(long deadlineNanos) {
      this.deadlineNanos = deadlineNanos;
    }

    @Override
    public void models(long revision, List<RegisteredModel> models) {
      awaitReady();
      RegistrySnapshot.Builder part = part(revision);
      models.forEach(model -> part.addRegisteredModels(RegistryProtos.model(model)));
      send(part);
    }

    @Override
    public void versions(long revision, List<ModelVersion> versions) {
      awaitReady();
      RegistrySnapshot.Builder part = part(revision);
      versions.forEach(version -> part.addModelVersions(RegistryProtos.version(version)));
      send(part);
    }

    private void awaitReady() {
      long stalledNanos = System.nanoTime() + limits.stall().toNanos();
      long untilNanos = deadlineNanos - stalledNanos < 0 ? deadlineNanos : stalledNanos;
      synchronized (lock) {
        while (true) {
          if (failure != null) {
            throw failure;
          }
          if (over) {
            throw new IllegalStateException("the caller went away");
          }
          long left = Duration.ofNanos(untilNanos - System.nanoTime()).toMillis();
          if (observer.isReady() && deadlineNanos - System.nanoTime() > 0) {
            return;
          }
          if (left <= 0) {
            throw new SnapshotTooSlowException(limits.snapshot(), limits.stall());
          }
          try {
            lock.wait(left);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a snapshot was sent", e);
          }
        }
      }
    }
  }

  private static RegistrySnapshot.Builder part(long revision) {
    return RegistrySnapshot.newBuilder().setRevision(revision);
  }

  private void send(RegistrySnapshot.Builder part) {
    send(WatchRegistryResponse.newBuilder().setSnapshot(part).build());
  }

  private void send(WatchRegistryResponse message) {
    lastSentNanos = System.nanoTime();
    observer.onNext(message);
  }

  private void fail(RuntimeException reason) {
    if (finish()) {
      observer.onError(StatusMapper.toStatus(reason));
    }
  }

  /** Releases what the watch holds; returns whether it was still going on. */
  private boolean finish() {
    RegistryFeed.Subscription toClose;
    ScheduledFuture<?> toCancel;
    synchronized (lock) {
      if (over) {
        return false;
      }
      over = true;
      toClose = subscription;
      toCancel = heartbeat;
      lock.notifyAll();
    }
    if (toClose != null) {
      toClose.close();
    }
    if (toCancel != null) {
      toCancel.cancel(false);
    }
    ended.accept(this);
    return true;
  }
}

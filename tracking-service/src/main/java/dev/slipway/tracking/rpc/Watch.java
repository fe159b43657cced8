package dev.slipway.tracking.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.runtime.error.StatusMapper;
import dev.slipway.tracking.service.WatchFeed;
import dev.slipway.tracking.watch.ChangeLog;
import dev.slipway.tracking.watch.FeedPosition;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.Collections;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Is one call that watches something.
 *
 * <p>Whatever may let it go on (changes, the caller having read, a timer) calls {@link #wake}; the
 * work itself runs on one thread at a time, which may write to the call and use the fields below
 * it. It writes only while the transport has room and holds no backlog: what it has not sent stays
 * in the log of changes that it shares with others, folded to the latest state.
 *
 * @param <M> the messages
 */
abstract class Watch<M> implements WatchFeed.Watcher {
  /** What the watch does. */
  private enum Phase {
    /** Waits until changes are gathered for it. */
    JOINING,
    /** Reads the database: the first state, or what changed since the caller left. */
    READING,
    /**
     * Waits for changes that were read after the first state, so that this is not followed by what
     * was before it.
     */
    SETTLING,
    /** Sends changes. */
    FOLLOWING
  }

  private final WatchRequests.Course course;
  private final ServerCallStreamObserver<M> call;
  private final WatchThreads threads;
  private final Consumer<Watch<?>> ended;
  private final AtomicInteger wakes = new AtomicInteger();
  private final Object lock = new Object();

  @GuardedBy("lock")
  private boolean over;

  @GuardedBy("lock")
  private Optional<RuntimeException> failure = Optional.empty();

  @GuardedBy("lock")
  private Optional<WatchFeed.Subscription> subscription = Optional.empty();

  @GuardedBy("lock")
  private boolean joined;

  @GuardedBy("lock")
  private Optional<ScheduledFuture<?>> timer = Optional.empty();

  private volatile boolean settled;
  private volatile boolean changed;

  /** Written by the thread that works. */
  private volatile Phase phase = Phase.JOINING;

  private Optional<FeedPosition> resumeFrom;
  private Optional<Iterator<M>> unsent = Optional.empty();

  /** What the caller knows once all that is unsent is sent. */
  private ChangeLog.Mark mark;

  /** Where the caller can resume after what is sent; absent inside a snapshot. */
  private Optional<FeedPosition> known;

  private long lastSentNanos = System.nanoTime();
  private long lastChangeNanos = lastSentNanos;

  Watch(
      WatchRequests.Course course,
      ServerCallStreamObserver<M> call,
      WatchThreads threads,
      Consumer<Watch<?>> ended) {
    this.course = course;
    this.resumeFrom = course.resumeFrom();
    this.known = course.resumeFrom();
    this.call = call;
    this.threads = threads;
    this.ended = ended;
    call.setOnReadyHandler(this::wake);
    call.setOnCancelHandler(this::finish);
    call.setOnCloseHandler(this::finish);
  }

  /** Asks for changes to be gathered. */
  abstract WatchFeed.Subscription subscribe();

  /**
   * Returns all that is there, as messages that are made as they are asked for; reads the database.
   */
  abstract Iterator<M> snapshot();

  /**
   * Returns what changed between two positions; reads the database.
   *
   * @return nothing when that is not known any more
   */
  abstract Optional<Iterator<M>> catchUp(FeedPosition from, FeedPosition to);

  /**
   * Returns changes as messages; none when the watch does not show them.
   *
   * @return nothing when only a snapshot can tell
   */
  abstract Optional<Iterator<M>> changes(ChangeLog.Changes changes);

  /** Returns a message that says that the watch is alive. */
  abstract M heartbeat();

  /** Returns the message with a resume token. */
  abstract M withToken(M message, String token);

  /** Begins; called once. */
  final void start() {
    WatchFeed.Subscription opened = subscribe();
    synchronized (lock) {
      subscription = Optional.of(opened);
      if (!over) {
        wake();
        return;
      }
    }
    opened.close();
  }

  @Override
  public final void joined() {
    synchronized (lock) {
      joined = true;
    }
    wake();
  }

  @Override
  public final void changed() {
    changed = true;
    wake();
  }

  @Override
  public final void gone(RuntimeException reason) {
    end(reason);
  }

  /** Ends the call with a failure. */
  final void end(RuntimeException reason) {
    synchronized (lock) {
      if (failure.isEmpty()) {
        failure = Optional.of(reason);
      }
    }
    wake();
  }

  private void wake() {
    if (wakes.getAndIncrement() == 0) {
      execute();
    }
  }

  private void execute() {
    Executor executor = phase == Phase.READING ? threads.readers() : threads.senders();
    try {
      executor.execute(this::run);
    } catch (RejectedExecutionException e) {
      finish();
    }
  }

  private void run() {
    int seen = wakes.get();
    try {
      step();
    } catch (Throwable e) {
      // Also an Error: the watch would stay as it is, neither going on nor ending.
      if (finish()) {
        call.onError(StatusMapper.toStatus(e));
      }
    }
    if (!wakes.compareAndSet(seen, 0)) {
      execute();
    }
  }

  private void step() {
    synchronized (lock) {
      if (over) {
        return;
      }
      if (failure.isPresent()) {
        throw failure.get();
      }
      if (subscription.isEmpty() || !joined) {
        return;
      }
    }
    switch (phase) {
      case JOINING -> beginToRead();
      case READING -> read();
      case SETTLING -> settle();
      case FOLLOWING -> follow();
    }
    sendHeartbeat();
    setTimer();
  }

  /** Goes on with a thread that may wait for the database. */
  private void beginToRead() {
    phase = Phase.READING;
    unsent = Optional.empty();
    settled = false;
    wake();
  }

  private void read() {
    if (unsent.isEmpty()) {
      mark = log().mark();
      subscribed().taken(mark.tick());
      unsent = resumeFrom.flatMap(from -> catchUp(from, mark.position()));
      if (unsent.isEmpty()) {
        known = Optional.empty();
        unsent = Optional.of(snapshot());
      }
      resumeFrom = Optional.empty();
    }
    if (!call.isReady()) {
      return;
    }
    if (unsent.get().hasNext()) {
      sendNext();
      // Others may read in between.
      wake();
      return;
    }
    known = Optional.of(mark.position());
    phase = Phase.SETTLING;
    subscribed()
        .afterNextRound(
            () -> {
              settled = true;
              wake();
            });
  }

  private void settle() {
    if (settled) {
      phase = Phase.FOLLOWING;
      follow();
    }
  }

  private void follow() {
    while (call.isReady()) {
      if (unsent.orElse(Collections.emptyIterator()).hasNext()) {
        sendNext();
        continue;
      }
      if (System.nanoTime() - lastChangeNanos < course.minInterval().toNanos()) {
        return;
      }
      changed = false;
      Optional<ChangeLog.Changes> changes = log().since(mark.tick());
      if (changes.isEmpty()) {
        // The database knows what the log had no room for.
        resumeFrom = Optional.of(mark.position());
        beginToRead();
        return;
      }
      boolean none = changes.get().mark().tick() == mark.tick();
      mark = changes.get().mark();
      if (none) {
        known = Optional.of(mark.position());
        return;
      }
      subscribed().taken(mark.tick());
      unsent = changes(changes.get());
      if (unsent.isEmpty()) {
        beginToRead();
        return;
      }
    }
  }

  private void sendNext() {
    Iterator<M> messages = unsent.orElseThrow();
    M message = messages.next();
    if (!messages.hasNext()) {
      known = Optional.of(mark.position());
    }
    send(message);
    lastChangeNanos = lastSentNanos;
  }

  private void sendHeartbeat() {
    boolean follows = phase == Phase.SETTLING || phase == Phase.FOLLOWING;
    if (follows && heartbeatIn() <= 0 && call.isReady()) {
      send(heartbeat());
    }
  }

  private long heartbeatIn() {
    return lastSentNanos + course.heartbeat().toNanos() - System.nanoTime();
  }

  private void send(M message) {
    lastSentNanos = System.nanoTime();
    String token = known.map(from -> ResumeToken.encode(course.watched(), from)).orElse("");
    call.onNext(withToken(message, token));
  }

  /** Sees to it that the watch goes on when it next has to, if the caller reads by then. */
  private void setTimer() {
    if (phase == Phase.READING || !call.isReady()) {
      return;
    }
    long delay = heartbeatIn();
    if (changed) {
      long interval = course.minInterval().toNanos();
      delay = Math.min(delay, lastChangeNanos + interval - System.nanoTime());
    }
    synchronized (lock) {
      timer.ifPresent(present -> present.cancel(false));
      if (!over) {
        timer =
            Optional.of(
                threads.timer().schedule(this::wake, Math.max(0, delay), TimeUnit.NANOSECONDS));
      }
    }
  }

  private WatchFeed.Subscription subscribed() {
    synchronized (lock) {
      return subscription.orElseThrow();
    }
  }

  private ChangeLog log() {
    return subscribed().log();
  }

  /** Releases what the watch holds; returns whether it was still going on. */
  private boolean finish() {
    Optional<WatchFeed.Subscription> toClose;
    synchronized (lock) {
      if (over) {
        return false;
      }
      over = true;
      toClose = subscription;
      timer.ifPresent(present -> present.cancel(false));
    }
    toClose.ifPresent(WatchFeed.Subscription::close);
    ended.accept(this);
    return true;
  }
}

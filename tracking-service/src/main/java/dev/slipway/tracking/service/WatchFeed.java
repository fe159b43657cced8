package dev.slipway.tracking.service;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.experiment.ExperimentNotFoundException;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunNotFoundException;
import dev.slipway.tracking.store.FeedStore;
import dev.slipway.tracking.watch.ChangeLog;
import dev.slipway.tracking.watch.FeedChanges;
import dev.slipway.tracking.watch.FeedPosition;
import dev.slipway.tracking.watch.FeedQuery;
import dev.slipway.tracking.watch.LogPositions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for changes on behalf of all who watch in this process.
 *
 * <p>One thread reads, in rounds, what changed in all that is watched: at an interval, which is the
 * guarantee and covers other replicas, and early when this process commits. A round costs the same
 * however many watch the same run or experiment. While nobody watches, nothing is read.
 * Thread-safe.
 */
public final class WatchFeed implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(WatchFeed.class);

  private static final long POLL_NANOS = Duration.ofMillis(200).toNanos();

  /** However impatient one watcher is, all pay for the rounds. */
  private static final long MIN_GAP_NANOS = Duration.ofMillis(50).toNanos();

  /** Without a round for so long, nobody can be told any more that nothing has changed. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /**
   * Segments stay in the metric log for longer than this after their commit. A round that ends
   * later than this after the begin of the one before does not rely on them.
   */
  private static final long SEGMENT_LIFE_NANOS = Duration.ofSeconds(5).toNanos();

  /** The memory for changes that somebody has not taken, in all logs together. */
  private static final long MAX_BYTES = Math.min(64L << 20, Runtime.getRuntime().maxMemory() / 16);

  private static final long CLOSE_MILLIS = 10_000;

  /** Hears from the feed, on its thread, so all of it must be quick. */
  public interface Watcher {
    /** Says that the subscription's log is there. Changes from its present end on will be in it. */
    void joined();

    /** Says that there are changes in the log. */
    void changed();

    /** Says that what is watched does not exist any more. */
    void gone(RuntimeException reason);
  }

  /** Is one watcher's part in the feed. Its methods are thread-safe. */
  public final class Subscription implements AutoCloseable {
    private final Topic topic;
    private final boolean points;
    private final long intervalNanos;
    private final Watcher watcher;
    private volatile long takenTick = Long.MAX_VALUE;

    private Subscription(Topic topic, boolean points, Duration interval, Watcher watcher) {
      this.topic = topic;
      this.points = points;
      this.intervalNanos = interval.toNanos();
      this.watcher = watcher;
    }

    /** Returns the log of changes; after {@link Watcher#joined} only. */
    public ChangeLog log() {
      return topic.log;
    }

    /** Says that the watcher has taken all changes up to a tick. */
    public void taken(long tick) {
      takenTick = tick;
    }

    /** Calls back, on the feed's thread, after a round that begins from now on. */
    public void afterNextRound(Runnable callback) {
      synchronized (lock) {
        callbacks.add(callback);
        lock.notifyAll();
      }
    }

    @Override
    public void close() {
      synchronized (lock) {
        topic.subscriptions.remove(this);
        joining.remove(this);
        if (topic.subscriptions.isEmpty()) {
          topics.remove(topic.target, topic);
        }
        changedWatchers();
      }
    }
  }

  /** Is a run or an experiment that is watched; its target says which. */
  private static final class Topic {
    private final Object target;
    private final Set<Subscription> subscriptions = new HashSet<>();

    /** Set by the feed's thread in the topic's first round. */
    private volatile ChangeLog log;

    Topic(Object target) {
      this.target = target;
    }
  }

  private final FeedStore store;
  private final long maxBytes;
  private final long patienceNanos;
  private final Thread thread = new Thread(this::run, "tracking-feed");
  private final Object lock = new Object();

  /** By run or experiment id. */
  @GuardedBy("lock")
  private final Map<Object, Topic> topics = new HashMap<>();

  @GuardedBy("lock")
  private Set<Subscription> joining = new HashSet<>();

  @GuardedBy("lock")
  private List<Runnable> callbacks = new ArrayList<>();

  @GuardedBy("lock")
  private long gapNanos = POLL_NANOS;

  @GuardedBy("lock")
  private boolean closed;

  /** When a round last ended well, or the first watcher came. */
  private volatile long lastRoundNanos = System.nanoTime();

  private volatile boolean awake;
  private volatile boolean hinted;

  /** Only the feed's thread uses these. */
  private LogPositions logs = LogPositions.START;

  private long lastAttemptNanos = System.nanoTime() - POLL_NANOS;

  private long lastReadNanos = lastAttemptNanos;

  private boolean failing;

  /** Creates the feed; {@link #start} sets it going. */
  public WatchFeed(FeedStore store) {
    this(store, MAX_BYTES, PATIENCE);
  }

  /**
   * Creates the feed; {@link #start} sets it going.
   *
   * @param maxBytes memory for changes that somebody has not taken, in all logs together
   * @param patience time without a round after which {@link #endIfStalled} ends all watches
   */
  public WatchFeed(FeedStore store, long maxBytes, Duration patience) {
    this.store = store;
    this.maxBytes = maxBytes;
    this.patienceNanos = patience.toNanos();
    thread.setDaemon(true);
  }

  /** Begins to read. */
  public void start() {
    thread.start();
  }

  /** Says that this process has committed something; costs next to nothing while nobody watches. */
  public void hint() {
    if (!awake || hinted) {
      return;
    }
    synchronized (lock) {
      hinted = true;
      lock.notifyAll();
    }
  }

  /**
   * Watches a run.
   *
   * @param points whether appended points are wanted
   * @param interval how often the watcher wants to hear of changes at most
   */
  public Subscription watch(RunId run, boolean points, Duration interval, Watcher watcher) {
    return subscribe(run, points, interval, watcher);
  }

  /**
   * Watches an experiment and its runs.
   *
   * @param interval how often the watcher wants to hear of changes at most
   */
  public Subscription watch(ExperimentId experiment, Duration interval, Watcher watcher) {
    return subscribe(experiment, false, interval, watcher);
  }

  private Subscription subscribe(
      Object target, boolean points, Duration interval, Watcher watcher) {
    synchronized (lock) {
      if (topics.isEmpty()) {
        lastRoundNanos = System.nanoTime();
      }
      Topic topic = topics.computeIfAbsent(target, Topic::new);
      Subscription subscription = new Subscription(topic, points, interval, watcher);
      topic.subscriptions.add(subscription);
      joining.add(subscription);
      changedWatchers();
      lock.notifyAll();
      return subscription;
    }
  }

  /**
   * Ends all watches when there was no round for too long, whatever keeps the feed's thread:
   * whoever watches must not take silence for news. To be called from time to time.
   */
  public void endIfStalled() {
    List<Watcher> watchers;
    synchronized (lock) {
      if (topics.isEmpty() || System.nanoTime() - lastRoundNanos < patienceNanos) {
        return;
      }
      watchers =
          topics.values().stream()
              .flatMap(topic -> topic.subscriptions.stream())
              .map(subscription -> subscription.watcher)
              .toList();
    }
    log.warn("changes could not be read for long; {} watches end", watchers.size());
    watchers.forEach(watcher -> watcher.gone(new StalledException()));
  }

  /** Returns how many runs and experiments are watched; nothing is read while none is. */
  public int watched() {
    synchronized (lock) {
      return topics.size();
    }
  }

  @GuardedBy("lock")
  private void changedWatchers() {
    awake = !topics.isEmpty();
    gapNanos =
        Math.max(
            MIN_GAP_NANOS,
            topics.values().stream()
                .flatMap(topic -> topic.subscriptions.stream())
                .mapToLong(subscription -> subscription.intervalNanos)
                .min()
                .orElse(POLL_NANOS));
  }

  /** Waits for the round that is under way, and ends the thread. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
    try {
      // An interrupt in the middle of a read would close the file of an embedded database.
      thread.join(CLOSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (awaitWork()) {
      Round round = new Round();
      try {
        round.run();
        failing = false;
      } catch (Throwable e) {
        // Also an Error: without this thread nobody would hear of anything.
        if (!failing) {
          log.warn("changes cannot be read now; trying until they can", e);
        }
        failing = true;
        round.putBack();
        lastAttemptNanos = System.nanoTime() + POLL_NANOS;
      }
    }
  }

  private boolean awaitWork() {
    synchronized (lock) {
      try {
        while (!closed) {
          if (topics.isEmpty() && callbacks.isEmpty()) {
            lock.wait();
            continue;
          }
          long gap;
          if (!joining.isEmpty() || !callbacks.isEmpty()) {
            gap = MIN_GAP_NANOS;
          } else if (hinted) {
            gap = Math.min(gapNanos, POLL_NANOS);
          } else {
            gap = POLL_NANOS;
          }
          long left = lastAttemptNanos + gap - System.nanoTime();
          if (left <= 0) {
            break;
          }
          lock.wait(left / 1_000_000, (int) (left % 1_000_000));
        }
        hinted = false;
        return !closed;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  /** Is one look at all that is watched. Only the feed's thread uses it. */
  private final class Round {
    private final List<Topic> present;
    private final Map<Topic, List<Subscription>> subscriptions = new HashMap<>();
    private final Set<Subscription> joiners;
    private final List<Runnable> calls;

    Round() {
      synchronized (lock) {
        present = List.copyOf(topics.values());
        present.forEach(topic -> subscriptions.put(topic, List.copyOf(topic.subscriptions)));
        joiners = joining;
        joining = new HashSet<>();
        calls = callbacks;
        callbacks = new ArrayList<>();
      }
    }

    /** Lets those who wait for this round wait for the next one. */
    void putBack() {
      synchronized (lock) {
        joiners.removeIf(joiner -> !joiner.topic.subscriptions.contains(joiner));
        joining.addAll(joiners);
        callbacks.addAll(calls);
      }
    }

    void run() {
      long begin = System.nanoTime();
      lastAttemptNanos = begin;
      LogPositions through = store.logs();
      FeedChanges changes = read(through);
      lastReadNanos = begin;
      logs = through;
      present.forEach(topic -> tell(topic, changes));
      shrinkLargest();
      calls.forEach(Round::call);
      lastRoundNanos = System.nanoTime();
    }

    private static void call(Runnable callback) {
      try {
        callback.run();
      } catch (Throwable e) {
        log.error("a watch cannot go on", e);
      }
    }

    private void tell(Topic topic, FeedChanges changes) {
      try {
        apply(topic, changes);
      } catch (Throwable e) {
        // The next round begins after what these have missed.
        log.error("changes of {} are lost; its watches end", topic.target, e);
        end(topic, new StalledException());
      }
    }

    private FeedChanges read(LogPositions through) {
      if (!isLate()) {
        FeedChanges changes = store.read(query(through, false));
        if (!isLate()) {
          return changes;
        }
        // It took so long that segments may have gone before they were read.
      }
      return store.read(query(through, true));
    }

    private boolean isLate() {
      return System.nanoTime() - lastReadNanos > SEGMENT_LIFE_NANOS;
    }

    private FeedQuery query(LogPositions through, boolean segmentsMayBeGone) {
      Map<RunId, Long> runs = new HashMap<>();
      Map<ExperimentId, Long> experiments = new HashMap<>();
      Set<RunId> withPoints = new HashSet<>();
      for (Topic topic : present) {
        long after =
            topic.log == null ? FeedQuery.FROM_NOW : topic.log.mark().position().revision();
        if (topic.target instanceof RunId run) {
          runs.put(run, after);
          if (subscriptions.get(topic).stream().anyMatch(s -> s.points)) {
            withPoints.add(run);
          }
        } else {
          experiments.put((ExperimentId) topic.target, after);
        }
      }
      return new FeedQuery(runs, experiments, logs, through, withPoints, segmentsMayBeGone);
    }

    private void apply(Topic topic, FeedChanges changes) {
      boolean changed;
      if (topic.target instanceof RunId run) {
        FeedChanges.OfRun found = changes.runs().get(run);
        if (found == null) {
          end(topic, new RunNotFoundException(run));
          return;
        }
        changed = applyRun(topic, found);
      } else {
        ExperimentId experiment = (ExperimentId) topic.target;
        FeedChanges.OfExperiment found = changes.experiments().get(experiment);
        if (found == null) {
          end(topic, new ExperimentNotFoundException("experiment_id", experiment.toString()));
          return;
        }
        changed = applyExperiment(topic, found);
      }
      forgetKnown(topic);
      for (Subscription subscription : subscriptions.get(topic)) {
        if (joiners.contains(subscription)) {
          subscription.takenTick = topic.log.mark().tick();
          subscription.watcher.joined();
        } else if (changed) {
          subscription.watcher.changed();
        }
      }
    }

    private boolean applyRun(Topic topic, FeedChanges.OfRun found) {
      FeedPosition position = new FeedPosition(found.revision(), logs);
      if (topic.log == null) {
        topic.log = new ChangeLog(position);
        return false;
      }
      if (found.tooMuch()) {
        topic.log.skip(position);
        return true;
      }
      return topic.log.advance(position, Optional.empty(), found.delta().stream().toList());
    }

    private boolean applyExperiment(Topic topic, FeedChanges.OfExperiment found) {
      FeedPosition position = new FeedPosition(found.revision(), logs);
      if (topic.log == null) {
        topic.log = new ChangeLog(position);
        return false;
      }
      long before = topic.log.mark().position().revision();
      if (found.runs().isEmpty()) {
        topic.log.skip(position);
        return true;
      }
      boolean changed = topic.log.advance(position, found.experiment(), found.runs().orElseThrow());
      if (found.purgedRevision() > before) {
        topic.log.purged(found.purgedListedRevision() > before);
        return true;
      }
      return changed;
    }

    private void forgetKnown(Topic topic) {
      long known =
          subscriptions.get(topic).stream()
              .filter(subscription -> !joiners.contains(subscription))
              .mapToLong(subscription -> subscription.takenTick)
              .min()
              .orElse(Long.MAX_VALUE);
      topic.log.forget(Math.min(known, topic.log.mark().tick()));
    }

    /** Halves the largest log until all fit into memory. */
    private void shrinkLargest() {
      List<ChangeLog> kept =
          present.stream().flatMap(topic -> Stream.ofNullable(topic.log)).toList();
      long excess = kept.stream().mapToLong(ChangeLog::bytes).sum() - maxBytes;
      while (excess > 0) {
        ChangeLog largest = Collections.max(kept, Comparator.comparingLong(ChangeLog::bytes));
        long before = largest.bytes();
        largest.shrink(before / 2);
        excess -= before - largest.bytes();
      }
    }

    private void end(Topic topic, RuntimeException reason) {
      subscriptions.get(topic).forEach(subscription -> subscription.watcher.gone(reason));
    }
  }

  /** Reports that a watch ends because this server cannot say what changed. */
  static final class StalledException extends ServiceException {
    private static final long serialVersionUID = 1L;

    StalledException() {
      super(
          ErrorKind.UNAVAILABLE,
          "CHANGES_UNAVAILABLE",
          "the server cannot look for changes now; watch again with the last resume token, on"
              + " another server or in a moment",
          Map.of());
    }
  }
}

package dev.slipway.registry.service;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.store.RegistryEventStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells watchers of new events, and hands these out.
 *
 * <p>One thread reads the revision of the database at an interval, which is the guarantee, and at
 * once after a command of this process, which is a hint that makes it fast. The newest events are
 * kept in memory for all watchers together; a watcher that is further behind reads pages from the
 * database, so none costs memory by being slow. While nobody watches, nothing is read. Thread-safe.
 */
public final class RegistryFeed implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RegistryFeed.class);

  private static final int RECENT = 1024;
  private static final int PAGE = 256;

  /** The most bytes of events that are kept in memory, and those that are handed out at once. */
  private static final long RECENT_BYTES = 32 << 20;

  private static final long PAGE_BYTES = 1 << 20;
  private static final long CLOSE_MILLIS = 10_000;

  private final RegistryEventStore events;
  private final long pollMillis;
  private final Set<Runnable> subscribers = ConcurrentHashMap.newKeySet();
  private final Thread thread = new Thread(this::run, "registry-feed");
  private final Object lock = new Object();

  /** Without a gap, so that an event's place follows from its revision. */
  @GuardedBy("lock")
  private final List<Kept> recent = new ArrayList<>();

  @GuardedBy("lock")
  private long recentBytes;

  @GuardedBy("lock")
  private boolean hinted;

  @GuardedBy("lock")
  private boolean closed;

  private volatile long head;

  /** Creates the feed; {@link #start} sets it going. */
  public RegistryFeed(RegistryEventStore events, Duration pollInterval) {
    this.events = events;
    this.pollMillis = pollInterval.toMillis();
    thread.setDaemon(true);
  }

  /** Begins to read. */
  public void start() {
    thread.start();
  }

  /** Says that there are events up to a revision; returns at once. */
  public void hint(long revision) {
    if (revision > head) {
      wake();
    }
  }

  /** Returns the revision up to which events are known to be there. */
  public long head() {
    return head;
  }

  /**
   * Calls back, on the feed's thread, whenever there are new events, until the subscription is
   * closed.
   */
  public Subscription subscribe(Runnable advanced) {
    subscribers.add(advanced);
    wake();
    return () -> subscribers.remove(advanced);
  }

  /**
   * Lists events after a revision in order without a gap, as many as there are and at most a page:
   * 256, or 1 MiB unless one alone has more.
   */
  public List<RegistryEvent> after(long revision) {
    synchronized (lock) {
      if (!recent.isEmpty() && recent.get(0).event().revision() <= revision + 1) {
        List<RegistryEvent> page = new ArrayList<>();
        long bytes = 0;
        long from = revision + 1 - recent.get(0).event().revision();
        for (long i = from; i < recent.size() && page.size() < PAGE; i++) {
          Kept kept = recent.get((int) i);
          bytes += kept.bytes();
          if (!page.isEmpty() && bytes > PAGE_BYTES) {
            break;
          }
          page.add(kept.event());
        }
        return page;
      }
    }
    // The database shows more than what is known to be durable.
    return events.listAfter(revision, PAGE).stream()
        .filter(event -> event.revision() <= head)
        .toList();
  }

  /** Waits for what is being read, and ends the thread. */
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

  /** Ends the calls of a subscriber. */
  public interface Subscription extends AutoCloseable {
    @Override
    void close();
  }

  private void wake() {
    synchronized (lock) {
      hinted = true;
      lock.notifyAll();
    }
  }

  private void run() {
    while (awaitWork()) {
      try {
        if (advance()) {
          subscribers.forEach(Runnable::run);
        }
      } catch (RuntimeException e) {
        log.warn("events cannot be read now; trying again", e);
      }
    }
  }

  private boolean awaitWork() {
    synchronized (lock) {
      try {
        long deadline = System.nanoTime() + Duration.ofMillis(pollMillis).toNanos();
        while (!closed && !hinted) {
          long left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
          if (subscribers.isEmpty()) {
            lock.wait();
          } else if (left <= 0) {
            break;
          } else {
            lock.wait(left);
          }
        }
        hinted = false;
        return !closed;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  private boolean advance() {
    long latest = events.revision();
    if (latest <= head) {
      return false;
    }
    // Nobody may hear of a change that a crash could still undo.
    events.awaitDurable();
    if (latest - head > RECENT) {
      synchronized (lock) {
        recent.clear();
        recentBytes = 0;
      }
      head = latest;
      return true;
    }
    while (head < latest) {
      List<RegistryEvent> page = events.listAfter(head, PAGE);
      keep(page.stream().filter(event -> event.revision() <= latest).toList());
      head = Math.min(latest, page.get(page.size() - 1).revision());
    }
    return true;
  }

  private void keep(List<RegistryEvent> page) {
    synchronized (lock) {
      for (RegistryEvent event : page) {
        Kept kept = new Kept(event, event.weight());
        recent.add(kept);
        recentBytes += kept.bytes();
      }
      int gone = 0;
      while (recent.size() - gone > RECENT || recentBytes > RECENT_BYTES) {
        recentBytes -= recent.get(gone).bytes();
        gone++;
      }
      recent.subList(0, gone).clear();
    }
  }

  private record Kept(RegistryEvent event, long bytes) {}
}

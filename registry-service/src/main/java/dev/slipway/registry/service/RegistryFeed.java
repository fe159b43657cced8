package dev.slipway.registry.service;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.store.RegistryEventStore;
import java.time.Duration;
import java.util.ArrayDeque;
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

  private final RegistryEventStore events;
  private final long pollMillis;
  private final Set<Runnable> subscribers = ConcurrentHashMap.newKeySet();
  private final Thread thread = new Thread(this::run, "registry-feed");
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final ArrayDeque<RegistryEvent> recent = new ArrayDeque<>();

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
   * Lists events after a revision in order without a gap, as many as there are and at most a page.
   */
  public List<RegistryEvent> after(long revision) {
    synchronized (lock) {
      if (!recent.isEmpty() && recent.peekFirst().revision() <= revision + 1) {
        return recent.stream().filter(event -> event.revision() > revision).limit(PAGE).toList();
      }
    }
    return events.listAfter(revision, PAGE);
  }

  /** Ends the thread. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
    thread.interrupt();
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
    if (latest - head > RECENT) {
      synchronized (lock) {
        recent.clear();
      }
      head = latest;
      return true;
    }
    while (head < latest) {
      List<RegistryEvent> page = events.listAfter(head, PAGE);
      synchronized (lock) {
        recent.addAll(page);
        while (recent.size() > RECENT) {
          recent.removeFirst();
        }
      }
      head = page.get(page.size() - 1).revision();
    }
    return true;
  }
}

package dev.slipway.serving.model;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Opens packages one after the other, each on a thread of its own, so that the memory of each can
 * be told from that of the others. An opening that takes long holds up nobody: after a while the
 * next ones go ahead beside it. One that takes longer than it may fails; engines cannot be stopped,
 * so its thread goes on, and what it opens in the end is handed to whoever closes it. While it goes
 * on, the same package is not opened again. Thread-safe; nothing here blocks but {@link #close}.
 */
public final class LoadTurns implements AutoCloseable {
  /** Openings that may run at the same time because those before them take long. */
  private static final int MAX_RUNNING = 16;

  private static final Duration STOP = Duration.ofSeconds(5);

  private final Duration patience;
  private final Duration timeout;
  private final ScheduledExecutorService timer;
  private final Object lock = new Object();

  /** At most one for each load that callers wait for. */
  @GuardedBy("lock")
  private final Deque<Turn<?>> waiting = new ArrayDeque<>();

  /** Those that run, also those that nobody waits for any more. */
  @GuardedBy("lock")
  private final Set<Turn<?>> running = new HashSet<>();

  /** Of those that were not given up, until what they opened has been handed over. */
  @GuardedBy("lock")
  private final Set<Thread> threads = new HashSet<>();

  /** Whether one runs that the next has to wait for. */
  @GuardedBy("lock")
  private boolean taken;

  @GuardedBy("lock")
  private long started;

  @GuardedBy("lock")
  private boolean closed;

  /**
   * Creates it with nothing running.
   *
   * @param patience how long an opening has to itself
   * @param timeout after which an opening fails
   * @param timer where both are waited out; stays the caller's
   */
  public LoadTurns(Duration patience, Duration timeout, ScheduledExecutorService timer) {
    this.patience = patience;
    this.timeout = timeout;
    this.timer = timer;
  }

  /**
   * Opens something when its turn comes. The future fails with what the opening throws, with {@link
   * TimeoutException} when it takes too long or one of the same name still does, and is cancelled
   * when the turns are closed before its own came.
   *
   * @param name what is opened
   * @param late is given what was opened when nobody waits for it any more
   */
  <T> CompletableFuture<T> open(String name, Callable<T> opening, Consumer<T> late) {
    Turn<T> turn = new Turn<>(name, opening, late);
    synchronized (lock) {
      if (closed) {
        turn.opened.cancel(false);
        return turn.opened;
      }
      waiting.addLast(turn);
    }
    startNext();
    return turn.opened;
  }

  private void startNext() {
    List<Turn<?>> refused = new ArrayList<>();
    synchronized (lock) {
      while (!taken && !waiting.isEmpty() && running.size() - hanging() < MAX_RUNNING) {
        Turn<?> next = waiting.pollFirst();
        if (running.stream().anyMatch(turn -> turn.givenUp && turn.name.equals(next.name))) {
          refused.add(next);
        } else {
          taken = true;
          running.add(next);
          next.start(++started);
          threads.add(next.thread);
        }
      }
    }
    for (Turn<?> turn : refused) {
      turn.opened.completeExceptionally(
          new TimeoutException("an earlier load of the same package still hangs"));
    }
  }

  /** Returns how many openings run that were given up. */
  public int hanging() {
    synchronized (lock) {
      return (int) running.stream().filter(turn -> turn.givenUp).count();
    }
  }

  /**
   * Fails those that wait, asks those that run to stop, and waits a few seconds until they did and
   * what they opened has been handed over. Those that hang are left behind.
   */
  @Override
  public void close() {
    List<Turn<?>> left;
    List<Thread> ending;
    synchronized (lock) {
      closed = true;
      left = List.copyOf(waiting);
      waiting.clear();
      running.forEach(turn -> turn.thread.interrupt());
      ending = List.copyOf(threads);
    }
    left.forEach(turn -> turn.opened.cancel(false));
    long end = System.nanoTime() + STOP.toNanos();
    try {
      for (Thread thread : ending) {
        thread.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** One opening. */
  private final class Turn<T> {
    private final String name;
    private final Callable<T> opening;
    private final Consumer<T> late;
    private final CompletableFuture<T> opened = new CompletableFuture<>();

    /** The next four are written under the lock. */
    private Thread thread;

    private Future<?> patienceEnd;
    private Future<?> timeoutEnd;
    private boolean over;
    private boolean givenUp;

    Turn(String name, Callable<T> opening, Consumer<T> late) {
      this.name = name;
      this.opening = opening;
      this.late = late;
    }

    /** To be called under the lock. */
    void start(long number) {
      patienceEnd = timer.schedule(this::letOthersGo, patience.toNanos(), TimeUnit.NANOSECONDS);
      timeoutEnd = timer.schedule(this::giveUp, timeout.toNanos(), TimeUnit.NANOSECONDS);
      thread = new Thread(this::run, "model-load-" + number);
      thread.setDaemon(true);
      thread.start();
    }

    private void run() {
      try {
        T result = opening.call();
        end();
        if (!opened.complete(result)) {
          late.accept(result);
        }
      } catch (Throwable e) {
        end();
        opened.completeExceptionally(e);
      } finally {
        synchronized (lock) {
          threads.remove(thread);
        }
      }
    }

    private void end() {
      synchronized (lock) {
        patienceEnd.cancel(false);
        timeoutEnd.cancel(false);
        running.remove(this);
      }
      letOthersGo();
    }

    private void letOthersGo() {
      synchronized (lock) {
        taken &= over;
        over = true;
      }
      startNext();
    }

    private void giveUp() {
      synchronized (lock) {
        if (!running.contains(this)) {
          return;
        }
        givenUp = true;
        threads.remove(thread);
        thread.interrupt();
      }
      opened.completeExceptionally(
          new TimeoutException(
              "opening it and warming it up did not end within " + timeout.toSeconds() + " s"));
      letOthersGo();
    }
  }
}

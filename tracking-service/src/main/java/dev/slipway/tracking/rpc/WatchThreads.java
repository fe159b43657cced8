package dev.slipway.tracking.rpc;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Holds the few threads that serve all watches. Thread-safe. */
final class WatchThreads implements AutoCloseable {
  private static final int SENDERS = 2;
  private static final int READERS = 2;
  private static final long CLOSE_SECONDS = 5;

  private final ExecutorService senders =
      Executors.newFixedThreadPool(SENDERS, threads("tracking-watch"));
  private final ExecutorService readers =
      Executors.newFixedThreadPool(READERS, threads("tracking-snapshot"));
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(1, threads("tracking-watch-timer"));

  WatchThreads() {
    // Else the timers of watches that are over stay queued, and hold them, until they are due.
    timer.setRemoveOnCancelPolicy(true);
  }

  /** Returns the threads that send what is in memory. */
  Executor senders() {
    return senders;
  }

  /** Returns the threads that wait for the database. */
  Executor readers() {
    return readers;
  }

  /** Returns what wakes watches up. */
  ScheduledExecutorService timer() {
    return timer;
  }

  /** Does something quick once a second from now on. */
  void everySecond(Runnable task) {
    var unused = timer.scheduleWithFixedDelay(task, 1, 1, TimeUnit.SECONDS);
  }

  /** Lets what is queued end, and then the threads. */
  @Override
  public void close() {
    timer.shutdownNow();
    senders.shutdown();
    readers.shutdown();
    try {
      for (ExecutorService executor : new ExecutorService[] {senders, readers}) {
        if (!executor.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
          executor.shutdownNow();
        }
      }
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

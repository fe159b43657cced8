package dev.slipway.client;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Runs tasks on a few threads of their own and stops all of them at the first failure. Stateless.
 */
final class ParallelTasks {
  private static final long STOP_SECONDS = 10;

  private ParallelTasks() {}

  /** Is one piece of work. */
  interface Task<T> extends Callable<T> {
    @Override
    T call() throws IOException, InterruptedException;
  }

  /** Returns the results in the order of the tasks; on return no task runs any more. */
  static <T> List<T> run(String name, int threads, List<Task<T>> tasks)
      throws IOException, InterruptedException {
    if (tasks.isEmpty()) {
      return List.of();
    }
    ExecutorService pool = pool(name, Math.min(threads, tasks.size()));
    try {
      ExecutorCompletionService<T> completion = new ExecutorCompletionService<>(pool);
      List<Future<T>> futures = new ArrayList<>();
      for (Task<T> task : tasks) {
        futures.add(completion.submit(task));
      }
      for (int i = 0; i < tasks.size(); i++) {
        var unused = result(completion.take());
      }
      List<T> results = new ArrayList<>();
      for (Future<T> future : futures) {
        results.add(result(future));
      }
      return results;
    } finally {
      stop(pool);
    }
  }

  /** Is work on one of many parts, by its index. */
  interface PartTask {
    void run(int index) throws IOException, InterruptedException;
  }

  /**
   * Runs work on parts, so many at a time, and then on this thread more work on each, in order; on
   * return none runs any more. No more than twice as many parts as threads are ahead of that.
   */
  static void runInOrder(String name, int threads, int parts, PartTask work, PartTask then)
      throws IOException, InterruptedException {
    ExecutorService pool = pool(name, threads);
    try {
      Deque<Future<Void>> ahead = new ArrayDeque<>();
      int begun = 0;
      for (int done = 0; done < parts; done++) {
        for (; begun < parts && begun < done + 2 * threads; begun++) {
          int index = begun;
          ahead.add(
              pool.submit(
                  () -> {
                    work.run(index);
                    return null;
                  }));
        }
        Void unused = result(ahead.remove());
        then.run(done);
      }
    } finally {
      stop(pool);
    }
  }

  private static ExecutorService pool(String name, int threads) {
    return Executors.newFixedThreadPool(
        threads,
        task -> {
          Thread thread = new Thread(task, "slipway-" + name);
          thread.setDaemon(true);
          return thread;
        });
  }

  /**
   * A task is interrupted where it waits; what it holds open must be closed before the caller
   * cleans up.
   */
  private static void stop(ExecutorService pool) throws InterruptedException {
    pool.shutdownNow();
    var unused = pool.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
  }

  private static <T> T result(Future<T> future) throws IOException, InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof IOException io) {
        throw io;
      }
      if (cause instanceof RuntimeException failure) {
        throw failure;
      }
      if (cause instanceof Error error) {
        throw error;
      }
      throw new IOException(cause);
    }
  }
}

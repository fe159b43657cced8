package dev.slipway.cli.models;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Is load by callers of which each waits for an answer before it calls again. */
final class ClosedLoop {
  /** More than a caller ends within the longest sensible time; further calls are only counted. */
  private static final int MOST_KEPT = 1 << 22;

  private ClosedLoop() {}

  /**
   * Holds what was measured.
   *
   * @param sortedNanos how long answered calls took, ascending
   * @param count of answered calls
   * @param failures of calls
   * @param nanos how long the load lasted
   * @param firstFailure why the first call that failed did
   */
  @SuppressWarnings("ArrayRecordComponent") // Of millions, and compared with nothing.
  record Result(
      long[] sortedNanos, long count, long failures, long nanos, Optional<Exception> firstFailure) {
    /** Returns answered calls per second. */
    double perSecond() {
      return count * 1e9 / nanos;
    }

    /** Returns how long a share of the calls took at most, 0 to 1. */
    double millis(double share) {
      int last = sortedNanos.length - 1;
      return sortedNanos[(int) Math.min(last, share * sortedNanos.length)] / 1e6;
    }
  }

  /** Calls until the time is over; calls that run then are waited for, and count. */
  static Result run(Callable<?> call, int callers, Duration duration) throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(callers);
    try {
      long started = System.nanoTime();
      long end = started + duration.toNanos();
      List<Future<Caller>> running = new ArrayList<>();
      for (int i = 0; i < callers; i++) {
        running.add(threads.submit(() -> new Caller().callUntil(end, call)));
      }
      List<Caller> ended = new ArrayList<>();
      for (Future<Caller> caller : running) {
        ended.add(caller.get());
      }
      return sum(ended, System.nanoTime() - started);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      threads.shutdownNow();
    }
  }

  private static Result sum(List<Caller> callers, long nanos) {
    long[] all = callers.stream().flatMapToLong(c -> Arrays.stream(c.nanos, 0, c.kept)).toArray();
    Arrays.sort(all);
    return new Result(
        all,
        callers.stream().mapToLong(caller -> caller.count).sum(),
        callers.stream().mapToLong(caller -> caller.failures).sum(),
        nanos,
        callers.stream().flatMap(caller -> caller.firstFailure.stream()).findFirst());
  }

  /** Is one caller, of one thread. */
  private static final class Caller {
    private long[] nanos = new long[1024];
    private int kept;
    private long count;
    private long failures;
    private Optional<Exception> firstFailure = Optional.empty();

    Caller callUntil(long end, Callable<?> call) throws InterruptedException {
      for (long now = System.nanoTime(); now < end; ) {
        long started = now;
        try {
          call.call();
          now = System.nanoTime();
          keep(now - started);
        } catch (InterruptedException e) {
          throw e;
        } catch (Exception e) {
          failures++;
          firstFailure = Optional.of(firstFailure.orElse(e));
          if (Thread.interrupted()) {
            throw new InterruptedException();
          }
          now = System.nanoTime();
        }
      }
      return this;
    }

    private void keep(long took) {
      count++;
      if (kept == nanos.length && kept < MOST_KEPT) {
        nanos = Arrays.copyOf(nanos, 2 * kept);
      }
      if (kept < nanos.length) {
        nanos[kept++] = took;
      }
    }
  }
}

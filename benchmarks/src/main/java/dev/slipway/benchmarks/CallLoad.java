package dev.slipway.benchmarks;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Lets callers call, each again as soon as it is answered, and counts the answers of a while with
 * their latencies.
 */
final class CallLoad {
  /**
   * Is what a load measured.
   *
   * @param callsPerSecond answers per second, of all callers together
   */
  record Result(double callsPerSecond, Latencies latencies) {}

  private CallLoad() {}

  /**
   * Lets every caller call until the time is over.
   *
   * @param calls one per caller; starts that caller's next call
   * @throws IllegalStateException if a call failed
   */
  static Result run(List<Supplier<ListenableFuture<?>>> calls, Duration duration)
      throws InterruptedException {
    long end = System.nanoTime() + duration.toNanos();
    long[] all =
        latencies(
            calls.stream().map(call -> new Caller(() -> Optional.of(call.get()), end)).toList());
    return new Result(all.length * 1e9 / duration.toNanos(), Latencies.ofNanos(all));
  }

  /**
   * Makes each of some calls once, in their order.
   *
   * @param callers how many call at the same time
   * @param count number of calls
   * @param calls starts a call, by its number from 0
   * @throws IllegalStateException if a call failed
   */
  static Result runEach(int callers, int count, IntFunction<ListenableFuture<?>> calls)
      throws InterruptedException {
    AtomicInteger next = new AtomicInteger();
    Supplier<Optional<ListenableFuture<?>>> call =
        () -> {
          int number = next.getAndIncrement();
          return number < count ? Optional.of(calls.apply(number)) : Optional.empty();
        };
    long started = System.nanoTime();
    long[] all =
        latencies(
            Stream.generate(() -> new Caller(call, started + Long.MAX_VALUE / 2))
                .limit(callers)
                .toList());
    return new Result(all.length * 1e9 / (System.nanoTime() - started), Latencies.ofNanos(all));
  }

  private static long[] latencies(List<Caller> callers) throws InterruptedException {
    callers.forEach(Caller::call);
    List<long[]> latencies = new ArrayList<>();
    for (Caller caller : callers) {
      latencies.add(caller.await());
    }
    return latencies.stream().flatMapToLong(Arrays::stream).toArray();
  }

  /** Is one caller; after the first call only the thread that answers uses it. */
  private static final class Caller implements FutureCallback<Object> {
    private final Supplier<Optional<ListenableFuture<?>>> calls;
    private final long end;
    private final CompletableFuture<long[]> done = new CompletableFuture<>();
    private long[] latencies = new long[1024];
    private int count;
    private long started;

    /**
     * Creates a caller.
     *
     * @param calls starts the next call; empty when there is none
     * @param end {@link System#nanoTime} after which no answer counts
     */
    Caller(Supplier<Optional<ListenableFuture<?>>> calls, long end) {
      this.calls = calls;
      this.end = end;
    }

    void call() {
      started = System.nanoTime();
      calls
          .get()
          .ifPresentOrElse(
              call -> Futures.addCallback(call, this, MoreExecutors.directExecutor()), this::end);
    }

    long[] await() throws InterruptedException {
      try {
        return done.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException("a call failed", e.getCause());
      }
    }

    @Override
    public void onSuccess(Object answer) {
      long now = System.nanoTime();
      if (now - end >= 0) {
        end();
        return;
      }
      if (count == latencies.length) {
        latencies = Arrays.copyOf(latencies, count * 2);
      }
      latencies[count++] = now - started;
      call();
    }

    private void end() {
      done.complete(Arrays.copyOf(latencies, count));
    }

    @Override
    public void onFailure(Throwable failure) {
      done.completeExceptionally(failure);
    }
  }
}

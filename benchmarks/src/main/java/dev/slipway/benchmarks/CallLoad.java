package dev.slipway.benchmarks;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

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
    List<Caller> callers = calls.stream().map(call -> new Caller(call, end)).toList();
    callers.forEach(Caller::call);
    List<long[]> latencies = new ArrayList<>();
    for (Caller caller : callers) {
      latencies.add(caller.await());
    }
    long[] all = latencies.stream().flatMapToLong(Arrays::stream).toArray();
    return new Result(all.length * 1e9 / duration.toNanos(), Latencies.ofNanos(all));
  }

  /** Is one caller; after the first call only the thread that answers uses it. */
  private static final class Caller implements FutureCallback<Object> {
    private final Supplier<ListenableFuture<?>> call;
    private final long end;
    private final CompletableFuture<long[]> done = new CompletableFuture<>();
    private long[] latencies = new long[1024];
    private int count;
    private long started;

    Caller(Supplier<ListenableFuture<?>> call, long end) {
      this.call = call;
      this.end = end;
    }

    void call() {
      started = System.nanoTime();
      Futures.addCallback(call.get(), this, MoreExecutors.directExecutor());
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
      if (now >= end) {
        done.complete(Arrays.copyOf(latencies, count));
        return;
      }
      if (count == latencies.length) {
        latencies = Arrays.copyOf(latencies, count * 2);
      }
      latencies[count++] = now - started;
      call();
    }

    @Override
    public void onFailure(Throwable failure) {
      done.completeExceptionally(failure);
    }
  }
}

package dev.slipway.serving.inference;

import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.execution.Execution;
import dev.slipway.serving.execution.ExpiredException;
import dev.slipway.serving.execution.QueueFullException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

/**
 * Requests that wait until a version is loaded: a bounded number for each load, and none that
 * nobody waits for any more. Thread-safe.
 */
final class LoadWaiters {
  private final Map<CompletableFuture<Void>, Set<Waiter>> loads = new ConcurrentHashMap<>();

  private record Waiter(
      VersionKey key,
      long deadlineNanos,
      BooleanSupplier callerGone,
      CompletableFuture<Void> released) {

    boolean dropIfDead(long nowNanos) {
      boolean expired = deadlineNanos != Execution.NO_DEADLINE && nowNanos - deadlineNanos >= 0;
      if (!expired && !callerGone.getAsBoolean()) {
        return false;
      }
      String version = key.toString();
      released.completeExceptionally(
          expired ? ExpiredException.deadline(version) : ExpiredException.cancelled(version));
      return true;
    }
  }

  /**
   * Returns a future that ends as the load does, or before it with an {@link ExpiredException} when
   * nobody waits any more.
   *
   * @param load shared by all who wait for it
   * @param maxWaiting requests that may wait for it, from 1
   * @param deadlineNanos {@link System#nanoTime} after which nobody waits, or {@link
   *     Execution#NO_DEADLINE}
   * @param callerGone tells whether the caller has given up; must be cheap
   * @throws QueueFullException if as many wait for the load as may
   */
  CompletableFuture<Void> await(
      VersionKey key,
      CompletableFuture<Void> load,
      int maxWaiting,
      long deadlineNanos,
      BooleanSupplier callerGone) {
    if (load.isDone()) {
      return load;
    }
    Waiter waiter = new Waiter(key, deadlineNanos, callerGone, new CompletableFuture<>());
    boolean[] first = new boolean[1];
    loads.compute(
        load,
        (same, present) -> {
          first[0] = present == null;
          Set<Waiter> waiting = present == null ? ConcurrentHashMap.newKeySet() : present;
          if (waiting.size() >= maxWaiting) {
            throw QueueFullException.whileLoading(key.toString(), waiting.size());
          }
          waiting.add(waiter);
          return waiting;
        });
    if (first[0]) {
      // One for all, so that a long load gathers nothing for those who gave up.
      CompletableFuture<Void> unused = load.whenComplete((done, failure) -> release(load, failure));
    }
    return waiter.released();
  }

  /** The identity of the load is meant: whoever shares it was given the same future. */
  @SuppressWarnings("CollectionUndefinedEquality")
  private void release(CompletableFuture<Void> load, Throwable failure) {
    Set<Waiter> waiting = loads.remove(load);
    for (Waiter waiter : waiting) {
      if (failure == null) {
        waiter.released().complete(null);
      } else {
        waiter.released().completeExceptionally(failure);
      }
    }
  }

  /** Tells those who need not wait any more. To be called often. */
  void dropDead() {
    long now = System.nanoTime();
    loads.values().forEach(waiting -> waiting.removeIf(waiter -> waiter.dropIfDead(now)));
  }

  /** Returns how many wait, for all loads together. */
  int waiting() {
    return loads.values().stream().mapToInt(Set::size).sum();
  }
}

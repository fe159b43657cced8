package dev.slipway.serving.inference;

import dev.slipway.serving.execution.ModelStatistics;
import dev.slipway.serving.execution.Recording;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Measures the live traffic of versions, a bounded number of times at once. Thread-safe. */
public final class Profiler {
  /** Profiles that may be taken at the same time. */
  public static final int MAX_PROFILES = 16;

  private final ScheduledExecutorService timer;
  private final Semaphore free = new Semaphore(MAX_PROFILES);
  private final Set<Recording> open = ConcurrentHashMap.newKeySet();
  private volatile boolean draining;

  /**
   * Creates a profiler that measures nothing yet.
   *
   * @param timer where durations are waited out; stays the caller's
   */
  public Profiler(ScheduledExecutorService timer) {
    this.timer = timer;
  }

  /**
   * What was measured.
   *
   * @param duration for how long
   * @param recording what happened meanwhile
   */
  public record Profile(Duration duration, Recording recording) {}

  /**
   * Measures until the duration is over, as many requests were answered, or the future is
   * cancelled. A version that is unloaded meanwhile is not kept; nothing more happens on it.
   *
   * @param maxRequests from 1; {@link Long#MAX_VALUE} for no bound
   * @throws TooManyProfilesException if as many are being taken as may
   */
  public CompletableFuture<Profile> measure(
      ModelStatistics statistics, Duration duration, long maxRequests) {
    if (!free.tryAcquire()) {
      throw new TooManyProfilesException(MAX_PROFILES);
    }
    Recording recording = new Recording(maxRequests);
    long started = System.nanoTime();
    statistics.begin(recording);
    CompletableFuture<Void> over = recording.full();
    Future<?> end =
        timer.schedule(() -> over.complete(null), duration.toNanos(), TimeUnit.NANOSECONDS);
    CompletableFuture<Profile> profile = new CompletableFuture<>();
    open.add(recording);
    CompletableFuture<Void> unusedEnd =
        over.thenRun(
            () -> {
              statistics.end(recording);
              end.cancel(false);
              open.remove(recording);
              free.release();
              profile.complete(
                  new Profile(Duration.ofNanos(System.nanoTime() - started), recording));
            });
    CompletableFuture<Profile> unusedCancel =
        profile.whenComplete((done, failure) -> over.complete(null));
    if (draining) {
      over.complete(null);
    }
    return profile;
  }

  /** Ends all measurements, which answer with what they have, and every later one at once. */
  public void drain() {
    draining = true;
    open.forEach(recording -> recording.full().complete(null));
  }
}

package dev.slipway.tracking.service;

import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.store.CommitResult.Appended;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/**
 * Remembers how many points of which runs this process has put into segments that are not chunks
 * yet. An estimate: what it forgets is found by looking through the segments. Thread-safe.
 */
final class Tails {
  /** Bounds the memory; runs beyond are found by looking through the segments. */
  private static final int MAX_RUNS = 100_000;

  /**
   * Below so many points per metric, a pass rewrites much for little; only the widest runs reach
   * {@link #MAX_AWAITED}.
   */
  private static final int POINTS_PER_METRIC = 250;

  private static final int MAX_AWAITED = 250_000;

  /** A run that logs single points never gets many of them, but readers open every segment. */
  private static final int MAX_COMMITS = 512;

  /**
   * Is a run's tail.
   *
   * @param commits how many commits brought it, each with a segment at least
   * @param ended whether it is to be compacted however small it is
   */
  private record Tail(long points, int commits, int metrics, long lastNanos, boolean ended) {
    Tail without(long taken) {
      return new Tail(Math.max(0, points - taken), 0, metrics, lastNanos, ended);
    }
  }

  private final CompactionConfig config;
  private final Map<RunId, Tail> tails = new ConcurrentHashMap<>();

  Tails(CompactionConfig config) {
    this.config = config;
  }

  /** Notes what a commit appended. */
  void appended(Map<RunId, Appended> appended) {
    long now = System.nanoTime();
    appended.forEach(
        (run, added) ->
            update(
                run,
                tail ->
                    new Tail(
                        tail.points + added.points(),
                        tail.commits + 1,
                        Math.max(tail.metrics, added.metrics()),
                        now,
                        tail.ended)));
  }

  /** Notes that a run is to be compacted however small its tail is. */
  void ended(RunId run) {
    update(run, tail -> new Tail(tail.points, tail.commits, tail.metrics, tail.lastNanos, true));
  }

  /** Notes that a run has segments, if that is news. */
  void found(RunId run) {
    if (!tails.containsKey(run)) {
      ended(run);
    }
  }

  private void update(RunId run, UnaryOperator<Tail> change) {
    if (tails.size() < MAX_RUNS || tails.containsKey(run)) {
      tails.compute(
          run,
          (id, tail) ->
              change.apply(tail == null ? new Tail(0, 0, 0, System.nanoTime(), false) : tail));
    }
  }

  /** Returns how many points the tail of a run has. */
  long points(RunId run) {
    Tail tail = tails.get(run);
    return tail == null ? 0 : tail.points;
  }

  /** Notes that some points are not in the tail any more. */
  void reduce(RunId run, long points) {
    tails.computeIfPresent(run, (id, tail) -> tail.without(points));
  }

  /** Forgets a run, if nothing was appended beyond the points that were known. */
  void forget(RunId run, long points) {
    tails.computeIfPresent(run, (id, tail) -> tail.points <= points ? null : tail.without(points));
  }

  /** Forgets a run until somebody looks through the segments. */
  void drop(RunId run) {
    tails.remove(run);
  }

  /** Returns the runs to be compacted, those with the longest tails first. */
  List<RunId> due() {
    long now = System.nanoTime();
    return tails.entrySet().stream()
        .filter(entry -> isDue(entry.getValue(), now))
        .sorted(Comparator.comparingLong(entry -> -entry.getValue().points))
        .map(Map.Entry::getKey)
        .toList();
  }

  private boolean isDue(Tail tail, long now) {
    long enough = Math.max(config.tailPoints(), (long) POINTS_PER_METRIC * tail.metrics);
    return tail.ended
        || tail.commits >= MAX_COMMITS
        || tail.points >= Math.min(enough, Math.max(MAX_AWAITED, config.tailPoints()))
        || Duration.ofNanos(now - tail.lastNanos).compareTo(config.idle()) >= 0;
  }

  /** Returns how many runs have a tail. */
  int runs() {
    return tails.size();
  }

  /** Returns how many points all tails have. */
  long points() {
    return tails.values().stream().mapToLong(Tail::points).sum();
  }
}

package dev.slipway.serving.traffic;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.serving.catalog.TrafficRule;
import dev.slipway.serving.catalog.VersionKey;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Counts what one rule leads to on this server: in all, over the rule's window, and since the
 * figures were last drained. Thread-safe.
 */
public final class TrafficMeter {
  private final TrafficRule rule;
  private final Map<Side, Tally> tallies = new EnumMap<>(Side.class);
  private final AtomicLong copied = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicBoolean closed = new AtomicBoolean();

  @GuardedBy("this")
  private Versions versions = new Versions(Optional.empty(), Optional.empty(), Optional.empty());

  TrafficMeter(TrafficRule rule, LongSupplier nanoTime) {
    this.rule = rule;
    for (Side side : Side.values()) {
      tallies.put(side, new Tally(rule, nanoTime));
    }
  }

  /** Who is counted. */
  public enum Side {
    /** The stage's own version, or the one pinned in its place. */
    PRIMARY,
    /** The canary. */
    CANARY,
    /** The shadow; requests that were dropped are not counted here. */
    SHADOW,
    /** Comparisons of the shadow's answers with the primary's; what differs is an error. */
    COMPARISON
  }

  /**
   * The versions that a rule concerns at the moment.
   *
   * @param champion the stage's own
   * @param canary another that answers; absent while it is not there, or is the champion
   * @param shadow another that is asked as well; absent likewise
   */
  record Versions(
      Optional<VersionKey> champion, Optional<VersionKey> canary, Optional<VersionKey> shadow) {
    Versions {
      Optional<VersionKey> own = champion;
      canary = canary.filter(version -> own.isPresent() && !version.equals(own.get()));
      shadow = shadow.filter(version -> own.isPresent() && !version.equals(own.get()));
    }

    /** Tells whether there is anything to compare. */
    boolean differ() {
      return canary.isPresent() || shadow.isPresent();
    }

    /** Tells whether all that are here are there too. */
    boolean areIn(Versions other) {
      return isIn(champion, other.champion)
          && isIn(canary, other.canary)
          && isIn(shadow, other.shadow);
    }

    private static boolean isIn(Optional<VersionKey> version, Optional<VersionKey> other) {
      return version.isEmpty() || version.equals(other);
    }
  }

  private static final class Tally {
    private final Optional<SlidingFigures> window;

    @GuardedBy("this")
    private Figures interval = new Figures();

    @GuardedBy("this")
    private long requests;

    @GuardedBy("this")
    private long errors;

    Tally(TrafficRule rule, LongSupplier nanoTime) {
      this.window = rule.abort().map(policy -> new SlidingFigures(policy.window(), nanoTime));
    }

    synchronized void record(boolean failed, long rows, OptionalLong latency) {
      requests++;
      errors += failed ? 1 : 0;
      interval.record(failed, rows, latency);
      window.ifPresent(figures -> figures.record(failed, rows, latency));
    }

    synchronized Figures drain() {
      Figures drained = interval;
      interval = new Figures();
      return drained;
    }

    synchronized Total total() {
      return new Total(requests, errors);
    }

    void clearWindow() {
      window.ifPresent(SlidingFigures::clear);
    }
  }

  /**
   * Figures since the rule was last changed.
   *
   * @param requests how many
   * @param errors how many of them failed, or differed
   */
  public record Total(long requests, long errors) {}

  /** Returns who challenges the stage's version: the canary, or the shadow where there is none. */
  static Side challenger(TrafficRule rule) {
    return rule.canary().isPresent() ? Side.CANARY : Side.SHADOW;
  }

  /** Returns the rule that is measured. */
  public TrafficRule rule() {
    return rule;
  }

  /**
   * Says which versions are compared. When one goes, or another comes in its place, the window
   * begins anew: figures of another version say nothing about them.
   */
  synchronized void compare(Versions now) {
    if (!versions.areIn(now)) {
      tallies.values().forEach(Tally::clearWindow);
    }
    versions = now;
  }

  /** Marks the meter as reported for the last time; returns whether it was not before. */
  boolean close() {
    return closed.compareAndSet(false, true);
  }

  /** Counts a request that was answered by computing. */
  public void answered(Side side, long rows, long nanos) {
    tallies.get(side).record(false, rows, OptionalLong.of(nanos));
  }

  /** Counts a request that was answered from the cache, whose latency says nothing of a version. */
  public void answeredFromCache(Side side, long rows) {
    tallies.get(side).record(false, rows, OptionalLong.empty());
  }

  /** Counts a request that failed, or an answer that differed. */
  public void failed(Side side) {
    tallies.get(side).record(true, 0, OptionalLong.empty());
  }

  /** Counts a request that is copied. */
  public void copied() {
    copied.incrementAndGet();
  }

  /** Returns how many requests were copied since the rule was last changed. */
  public long copiedTotal() {
    return copied.get();
  }

  /** Counts a copy that was dropped. */
  public void dropped() {
    dropped.incrementAndGet();
  }

  /** Returns how many copies were dropped since the rule was last changed. */
  public long droppedTotal() {
    return dropped.get();
  }

  /** Returns the figures since the rule was last changed. */
  public Total total(Side side) {
    return tallies.get(side).total();
  }

  /** Returns the figures over the window of the rule's abort policy; empty when it has none. */
  Optional<Figures> window(Side side) {
    return tallies.get(side).window.map(SlidingFigures::sum);
  }

  /** Returns the figures since the last call. */
  Figures drain(Side side) {
    return tallies.get(side).drain();
  }
}

package dev.slipway.serving.traffic;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.serving.catalog.TrafficRule;
import dev.slipway.serving.catalog.VersionKey;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
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
  private Optional<Pair> pair = Optional.empty();

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
   * The versions that are compared.
   *
   * @param champion the stage's own
   * @param challenger the canary, or the shadow of a rule without one
   */
  record Pair(VersionKey champion, VersionKey challenger) {}

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

    synchronized void record(boolean failed, long rows, long nanos) {
      requests++;
      errors += failed ? 1 : 0;
      interval.record(failed, rows, nanos);
      window.ifPresent(figures -> figures.record(failed, rows, nanos));
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
   * Says which versions are compared. When others come, the window begins anew: figures of another
   * version say nothing about them.
   */
  synchronized void compare(Pair newPair) {
    if (pair.isPresent() && !pair.get().equals(newPair)) {
      tallies.values().forEach(Tally::clearWindow);
    }
    pair = Optional.of(newPair);
  }

  /** Marks the meter as reported for the last time; returns whether it was not before. */
  boolean close() {
    return closed.compareAndSet(false, true);
  }

  /** Counts a request that was answered. */
  public void answered(Side side, long rows, long nanos) {
    tallies.get(side).record(false, rows, nanos);
  }

  /** Counts a request that failed, or an answer that differed. */
  public void failed(Side side, long nanos) {
    tallies.get(side).record(true, 0, nanos);
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

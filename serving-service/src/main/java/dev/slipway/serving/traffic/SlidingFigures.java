package dev.slipway.serving.traffic;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/** Figures of one side over the last while, to a twentieth of it. Thread-safe. */
final class SlidingFigures {
  private static final int SLOTS = 20;

  private final long slotNanos;
  private final LongSupplier nanoTime;

  @GuardedBy("this")
  private final Figures[] slots = new Figures[SLOTS];

  /** The slot that was written last, counted from when time began. */
  @GuardedBy("this")
  private long last;

  SlidingFigures(Duration window, LongSupplier nanoTime) {
    this.slotNanos = Math.max(1, window.toNanos() / SLOTS);
    this.nanoTime = nanoTime;
    this.last = now();
  }

  private long now() {
    return Math.floorDiv(nanoTime.getAsLong(), slotNanos);
  }

  synchronized void record(boolean failed, long rows, OptionalLong latency) {
    long now = forgetOld();
    int slot = Math.floorMod(now, SLOTS);
    if (slots[slot] == null) {
      slots[slot] = new Figures();
    }
    slots[slot].record(failed, rows, latency);
  }

  /** Empties the slots that time has gone over; returns the present one. */
  @GuardedBy("this")
  private long forgetOld() {
    long now = Math.max(last, now());
    for (long slot = Math.max(last + 1, now - SLOTS + 1); slot <= now; slot++) {
      slots[Math.floorMod(slot, SLOTS)] = null;
    }
    last = now;
    return now;
  }

  synchronized Figures sum() {
    forgetOld();
    Figures sum = new Figures();
    for (Figures slot : slots) {
      if (slot != null) {
        sum.add(slot);
      }
    }
    return sum;
  }

  synchronized void clear() {
    Arrays.fill(slots, null);
  }
}

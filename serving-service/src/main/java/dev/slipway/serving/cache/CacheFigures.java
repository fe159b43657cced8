package dev.slipway.serving.cache;

import java.util.concurrent.atomic.LongAdder;

/** What the cache did for one package. Thread-safe; counters are read one after the other. */
public final class CacheFigures {
  private final LongAdder hits = new LongAdder();
  private final LongAdder sharedHits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder evictions = new LongAdder();
  private final LongAdder entries = new LongAdder();
  private final LongAdder bytes = new LongAdder();

  /** Counts look-ups that found an answer. */
  public void hit(int count) {
    hits.add(count);
  }

  /** Counts those that found an answer which another server shared, among the others. */
  public void sharedHit(int count) {
    sharedHits.add(count);
  }

  /** Counts look-ups that did not. */
  public void missed(int count) {
    misses.add(count);
  }

  void evicted() {
    evictions.increment();
  }

  void added(long entryBytes) {
    entries.increment();
    bytes.add(entryBytes);
  }

  void removed(long entryBytes) {
    entries.decrement();
    bytes.add(-entryBytes);
  }

  /** Returns look-ups that found an answer. */
  public long hits() {
    return hits.sum();
  }

  /** Returns how many of those found an answer that another server shared. */
  public long sharedHits() {
    return sharedHits.sum();
  }

  /** Returns look-ups that did not. */
  public long misses() {
    return misses.sum();
  }

  /** Returns answers that made room for others. */
  public long evictions() {
    return evictions.sum();
  }

  /** Returns answers held at present. */
  public long entries() {
    return entries.sum();
  }

  /** Returns the size of the answers held at present, with what it takes to find them. */
  public long bytes() {
    return bytes.sum();
  }
}

package dev.slipway.client;

import java.util.ArrayDeque;

/**
 * Gathers points in blocks, each of which is to become a batch. Nothing here takes longer the more
 * points there are, as callers wait for it. Not thread-safe.
 */
final class PointBuffer {
  private final ArrayDeque<PointBlock> blocks = new ArrayDeque<>();
  private int maxBlockPoints;
  private int size;
  private long bytes;

  PointBuffer(int maxBlockPoints) {
    this.maxBlockPoints = maxBlockPoints;
  }

  /** Sets how many points a block may have from now on. */
  void limitBlocks(int points) {
    maxBlockPoints = points;
  }

  void add(String key, double value, long step, long timestampMs) {
    PointBlock last = blocks.peekLast();
    if (last == null || last.size() >= maxBlockPoints) {
      last = new PointBlock(System.nanoTime());
      blocks.add(last);
    }
    last.add(key, value, step, timestampMs);
    size++;
    bytes += PointBlock.bytesOf(key);
  }

  int size() {
    return size;
  }

  /** Returns how many bytes of memory all points count as. */
  long bytes() {
    return bytes;
  }

  /** Returns since when the oldest point waits, by {@link System#nanoTime}; there must be one. */
  long oldestNanos() {
    return blocks.element().sinceNanos();
  }

  /** Takes the oldest block out; there must be one. */
  PointBlock take() {
    PointBlock oldest = blocks.remove();
    size -= oldest.size();
    bytes -= oldest.bytes();
    return oldest;
  }

  void clear() {
    blocks.clear();
    size = 0;
    bytes = 0;
  }
}

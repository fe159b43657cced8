package dev.slipway.engine.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A bounded pool of direct little-endian buffers in size classes: four per power of two, from 256
 * bytes to 64 MiB, so that at most a fifth of a buffer is idle. Larger requests are allocated for
 * the one use.
 *
 * <p>{@link #acquire} never waits and never refuses: when the pool is empty it allocates. What is
 * bounded is the memory kept for reuse; a buffer that comes back to a full pool is left to the
 * garbage collector. A lease that is never closed costs the pool nothing but the reuse. All methods
 * may be called by any thread.
 */
public final class TensorBuffers {

  private static final int SMALLEST_BYTES = 256;
  private static final int LARGEST_BYTES = 64 << 20;

  private final long maxIdleBytes;
  private final int[] classSizes = sizeClasses();
  private final List<Queue<ByteBuffer>> idle = new ArrayList<>();
  private final AtomicLong idleBytes = new AtomicLong();
  private final AtomicLong leasedBytes = new AtomicLong();

  /**
   * Creates an empty pool.
   *
   * @param maxIdleBytes the most memory kept for reuse; 0 keeps none
   */
  public TensorBuffers(long maxIdleBytes) {
    if (maxIdleBytes < 0) {
      throw new IllegalArgumentException("maxIdleBytes must not be negative: " + maxIdleBytes);
    }
    this.maxIdleBytes = maxIdleBytes;
    for (int i = 0; i < classSizes.length; i++) {
      idle.add(new ConcurrentLinkedQueue<>());
    }
  }

  private static int[] sizeClasses() {
    List<Integer> sizes = new ArrayList<>();
    for (int power = SMALLEST_BYTES; power < LARGEST_BYTES; power *= 2) {
      for (int quarter = 0; quarter < 4; quarter++) {
        sizes.add(power + power / 4 * quarter);
      }
    }
    sizes.add(LARGEST_BYTES);
    return sizes.stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * Lends a direct little-endian buffer with position 0 and exactly the given limit. Its content is
   * undefined.
   *
   * @param sizeBytes from 0
   */
  public Lease acquire(int sizeBytes) {
    if (sizeBytes < 0) {
      throw new IllegalArgumentException("sizeBytes must not be negative: " + sizeBytes);
    }
    int sizeClass = classOf(sizeBytes);
    ByteBuffer buffer = null;
    if (sizeClass < classSizes.length) {
      buffer = idle.get(sizeClass).poll();
      if (buffer != null) {
        idleBytes.addAndGet(-buffer.capacity());
      }
    }
    if (buffer == null) {
      int capacity = sizeClass < classSizes.length ? classSizes[sizeClass] : sizeBytes;
      buffer = ByteBuffer.allocateDirect(capacity);
    }
    leasedBytes.addAndGet(buffer.capacity());
    return new Lease(buffer, sizeClass, sizeBytes);
  }

  private int classOf(int sizeBytes) {
    if (sizeBytes <= SMALLEST_BYTES) {
      return 0;
    }
    int low = 0;
    int high = classSizes.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (classSizes[middle] < sizeBytes) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private void release(ByteBuffer buffer, int sizeClass) {
    int capacity = buffer.capacity();
    leasedBytes.addAndGet(-capacity);
    if (sizeClass == classSizes.length) {
      return;
    }
    long before;
    do {
      before = idleBytes.get();
      if (before + capacity > maxIdleBytes) {
        return;
      }
    } while (!idleBytes.compareAndSet(before, before + capacity));
    idle.get(sizeClass).add(buffer);
  }

  /** Returns the bytes kept for reuse at this moment; never more than the bound. */
  public long idleBytes() {
    return idleBytes.get();
  }

  /** Returns the bytes lent at this moment, by the capacity of the buffers. */
  public long leasedBytes() {
    return leasedBytes.get();
  }

  /** A buffer on loan. Closing it gives the buffer back; closing again does nothing. */
  public final class Lease implements AutoCloseable {

    private final ByteBuffer whole;
    private final int sizeClass;
    private final ByteBuffer buffer;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Lease(ByteBuffer whole, int sizeClass, int sizeBytes) {
      this.whole = whole;
      this.sizeClass = sizeClass;
      this.buffer = whole.slice(0, sizeBytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Returns the buffer, always the same one. It and everything made over it must not be touched
     * after {@link #close}.
     *
     * @throws IllegalStateException if the lease is closed
     */
    public ByteBuffer buffer() {
      if (closed.get()) {
        throw new IllegalStateException(
            "the lease is closed: its buffer may serve someone else now");
      }
      return buffer;
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        release(whole, sizeClass);
      }
    }
  }
}

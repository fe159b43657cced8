package dev.slipway.serving.execution;

import com.codahale.metrics.Histogram;
import com.codahale.metrics.LockFreeExponentiallyDecayingReservoir;
import com.codahale.metrics.Snapshot;
import dev.slipway.serving.execution.Execution.GraphTimings;
import dev.slipway.serving.execution.Execution.Timings;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;

/**
 * Cumulative figures of one version since it was loaded. Thread-safe; a reading while requests run
 * may be between two counters of one request.
 */
public final class ModelStatistics {
  /**
   * Batches up to this size are counted by their own size, larger ones by the next power of two.
   */
  private static final int EXACT_BATCH_SIZES = 128;

  private final Counter success = new Counter();
  private final Counter fail = new Counter();
  private final Counter queue = new Counter();
  private final Counter assembly = new Counter();
  private final Counter compute = new Counter();
  private final Counter split = new Counter();
  private final Counter cacheHit = new Counter();
  private final Counter cacheMiss = new Counter();
  private final LongAdder rows = new LongAdder();
  private final LongAdder engineCalls = new LongAdder();
  private final LongAdder rejections = new LongAdder();
  private final LongAdder expirations = new LongAdder();
  private final Histogram latency =
      new Histogram(LockFreeExponentiallyDecayingReservoir.builder().build());
  private final Map<Long, BatchCounter> batches = new ConcurrentHashMap<>();
  private final CostLine cost = new CostLine();
  private final List<Recording> recordings = new CopyOnWriteArrayList<>();
  private volatile long lastUsedMillis;

  /** How often something happened and how long it took in all. Thread-safe. */
  public static final class Counter {
    private final LongAdder count = new LongAdder();
    private final LongAdder nanos = new LongAdder();

    void add(long tookNanos) {
      count.increment();
      nanos.add(tookNanos);
    }

    /** Returns how often. */
    public long count() {
      return count.sum();
    }

    /** Returns how long in all, nanoseconds. */
    public long nanos() {
      return nanos.sum();
    }
  }

  /** Engine calls of one size. */
  public static final class BatchCounter {
    private final Counter assembly = new Counter();
    private final Counter compute = new Counter();
    private final Counter split = new Counter();

    /** Returns the preparing of inputs. */
    public Counter assembly() {
      return assembly;
    }

    /** Returns the time inside the engine. */
    public Counter compute() {
      return compute;
    }

    /** Returns the preparing of outputs. */
    public Counter split() {
      return split;
    }
  }

  void called(long callRows, long assemblyNanos, long computeNanos, long splitNanos) {
    rows.add(callRows);
    engineCalls.increment();
    long size = countedSize(callRows);
    BatchCounter batch = batches.get(size);
    if (batch == null) {
      batch = batches.computeIfAbsent(size, key -> new BatchCounter());
    }
    batch.assembly.add(assemblyNanos);
    batch.compute.add(computeNanos);
    batch.split.add(splitNanos);
    observeCall(callRows, computeNanos);
    recordings.forEach(recording -> recording.called(callRows));
  }

  /**
   * Returns the size under which a call is counted: callers choose sizes, so large ones are rounded
   * up.
   */
  private static long countedSize(long callRows) {
    return callRows <= EXACT_BATCH_SIZES ? callRows : Long.highestOneBit(callRows - 1) << 1;
  }

  /** Takes note of how long an engine call took, for the cost line alone. */
  public void observeCall(long callRows, long computeNanos) {
    cost.observe(callRows, computeNanos);
  }

  void answered(
      long nowMillis,
      long totalNanos,
      long queueNanos,
      long assemblyNanos,
      long computeNanos,
      long splitNanos) {
    success.add(totalNanos);
    queue.add(queueNanos);
    assembly.add(assemblyNanos);
    compute.add(computeNanos);
    split.add(splitNanos);
    latency.update(totalNanos);
    lastUsedMillis = nowMillis;
    recordings.forEach(
        recording ->
            recording.answered(totalNanos, queueNanos, assemblyNanos, computeNanos, splitNanos));
  }

  /** Records from now on what happens, until {@link #end} is called. */
  public void begin(Recording recording) {
    recordings.add(recording);
  }

  /** Records no more; does nothing when it was not recorded. */
  public void end(Recording recording) {
    recordings.remove(recording);
  }

  /** Counts a request that the prediction cache was asked for, and whether it had it all. */
  public void lookedUp(boolean hit, long tookNanos) {
    (hit ? cacheHit : cacheMiss).add(tookNanos);
  }

  /** Counts a request that was answered without the engine. */
  public void answeredFromCache(long nowMillis, long totalNanos) {
    success.add(totalNanos);
    latency.update(totalNanos);
    lastUsedMillis = nowMillis;
    recordings.forEach(recording -> recording.answeredFromCache(totalNanos));
  }

  /** Counts a request that a pipeline answered. */
  void answeredBySteps(
      long nowMillis, long totalNanos, long requestRows, Timings timings, GraphTimings graph) {
    called(requestRows, 0, timings.compute(), 0);
    long split = totalNanos - timings.assembly() - timings.compute();
    success.add(totalNanos);
    queue.add(timings.queue());
    assembly.add(timings.assembly());
    compute.add(timings.compute());
    this.split.add(split);
    latency.update(totalNanos);
    lastUsedMillis = nowMillis;
    recordings.forEach(recording -> recording.answeredBySteps(totalNanos, timings, graph));
  }

  void failed(long totalNanos) {
    fail.add(totalNanos);
  }

  void rejected() {
    rejections.increment();
  }

  void expired() {
    expirations.increment();
  }

  /** Returns what engine calls are expected to take. */
  public CostLine cost() {
    return cost;
  }

  /** Returns requests answered, end to end. */
  public Counter success() {
    return success;
  }

  /** Returns requests that failed inside the model, end to end. */
  public Counter fail() {
    return fail;
  }

  /** Returns the waiting for the engine, per request. */
  public Counter queue() {
    return queue;
  }

  /** Returns the preparing of inputs, per request. */
  public Counter assembly() {
    return assembly;
  }

  /** Returns the time inside the engine, per request. */
  public Counter compute() {
    return compute;
  }

  /** Returns the preparing of outputs, per request. */
  public Counter split() {
    return split;
  }

  /** Returns requests that the prediction cache had the answer of, and the looking. */
  public Counter cacheHit() {
    return cacheHit;
  }

  /** Returns requests that it had not, or not for all rows, and the looking. */
  public Counter cacheMiss() {
    return cacheMiss;
  }

  /** Returns the rows inferred. */
  public long rows() {
    return rows.sum();
  }

  /** Returns the calls of the engine. */
  public long engineCalls() {
    return engineCalls.sum();
  }

  /** Returns the requests refused because the queue was full. */
  public long rejections() {
    return rejections.sum();
  }

  /** Returns the requests dropped because nobody waited for them any more. */
  public long expirations() {
    return expirations.sum();
  }

  /**
   * Returns the latency of answered requests, nanoseconds, weighted towards the last five minutes.
   */
  public Snapshot latency() {
    return latency.getSnapshot();
  }

  /** Returns the engine calls by their number of rows, ascending. */
  public Map<Long, BatchCounter> batches() {
    return new TreeMap<>(batches);
  }

  /** Returns when the last request was answered, milliseconds since the Unix epoch; 0 for never. */
  public long lastUsedMillis() {
    return lastUsedMillis;
  }
}

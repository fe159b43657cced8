package dev.slipway.serving.execution;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Where the time of a version's requests went, from the moment that {@link
 * ModelStatistics#begin(Recording)} was called. Takes less than a megabyte whatever it records.
 * Thread-safe.
 */
public final class Recording {
  private final long maxRequests;
  private final AtomicLong admitted = new AtomicLong();
  private final AtomicLong recorded = new AtomicLong();
  private final LongAdder rows = new LongAdder();
  private final LongAdder engineCalls = new LongAdder();
  private final LongAdder cacheHits = new LongAdder();
  private final LatencyRecorder requests = new LatencyRecorder();
  private final Map<Part, LatencyRecorder> parts = new EnumMap<>(Part.class);
  private final CompletableFuture<Void> full = new CompletableFuture<>();

  /** A part of the way of a request; together they make up all of its time. */
  public enum Part {
    /** Waiting for the engine. */
    QUEUE,
    /** Reading, checking and copying inputs, and assembling the batch. */
    ASSEMBLY,
    /** Inside the engine, for the whole batch. */
    COMPUTE,
    /** Splitting the batch. */
    SPLIT,
    /** Answering from the prediction cache, or from what was computed for an equal request. */
    CACHE
  }

  /**
   * Creates a recording of nothing.
   *
   * @param maxRequests requests after which it is full, from 1; {@link Long#MAX_VALUE} for no bound
   */
  public Recording(long maxRequests) {
    this.maxRequests = maxRequests;
    for (Part part : Part.values()) {
      parts.put(part, new LatencyRecorder());
    }
  }

  void called(long callRows) {
    if (!full.isDone()) {
      rows.add(callRows);
      engineCalls.increment();
    }
  }

  void answered(
      long totalNanos, long queueNanos, long assemblyNanos, long computeNanos, long splitNanos) {
    if (admitted.incrementAndGet() > maxRequests) {
      return;
    }
    requests.record(totalNanos);
    parts.get(Part.QUEUE).record(queueNanos);
    parts.get(Part.ASSEMBLY).record(assemblyNanos);
    parts.get(Part.COMPUTE).record(computeNanos);
    parts.get(Part.SPLIT).record(splitNanos);
    if (recorded.incrementAndGet() == maxRequests) {
      full.complete(null);
    }
  }

  void answeredFromCache(long totalNanos) {
    if (admitted.incrementAndGet() > maxRequests) {
      return;
    }
    requests.record(totalNanos);
    parts.get(Part.CACHE).record(totalNanos);
    cacheHits.increment();
    if (recorded.incrementAndGet() == maxRequests) {
      full.complete(null);
    }
  }

  /** Returns a future that is done when as many requests were recorded as may be. */
  public CompletableFuture<Void> full() {
    return full;
  }

  /** Returns the rows of the engine calls. */
  public long rows() {
    return rows.sum();
  }

  /** Returns the engine calls. */
  public long engineCalls() {
    return engineCalls.sum();
  }

  /** Returns the requests that were answered without the engine. */
  public long cacheHits() {
    return cacheHits.sum();
  }

  /** Returns the time of requests from arrival to hand-over. */
  public LatencyRecorder requests() {
    return requests;
  }

  /** Returns the time that requests spent in a part of their way. */
  public LatencyRecorder part(Part part) {
    return parts.get(part);
  }
}

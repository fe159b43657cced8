package dev.slipway.serving.execution;

import dev.slipway.serving.execution.Execution.GraphTimings;
import dev.slipway.serving.execution.Execution.Timings;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Where the time of a version's requests went, from the moment that {@link
 * ModelStatistics#begin(Recording)} was called. Takes less than a megabyte, and 64 KiB for each
 * step of a pipeline, whatever it records. Thread-safe.
 */
public final class Recording {
  private final long maxRequests;
  private final AtomicLong admitted = new AtomicLong();
  private final AtomicLong recorded = new AtomicLong();
  private final LongAdder engineCalls = new LongAdder();
  private final LongAdder cacheHits = new LongAdder();
  private final LatencyRecorder requests = new LatencyRecorder(LatencyRecorder.LARGE_SAMPLE);
  private final StepRecording own = new StepRecording(LatencyRecorder.LARGE_SAMPLE);
  private final Map<StepName, StepRecording> steps = new ConcurrentHashMap<>();
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
  }

  void called(long callRows) {
    if (!full.isDone()) {
      own.rows(callRows);
      engineCalls.increment();
    }
  }

  void answered(
      long totalNanos, long queueNanos, long assemblyNanos, long computeNanos, long splitNanos) {
    if (admitted.incrementAndGet() > maxRequests) {
      return;
    }
    requests.record(totalNanos);
    own.net(totalNanos);
    own.part(Part.QUEUE, queueNanos);
    own.part(Part.ASSEMBLY, assemblyNanos);
    own.part(Part.COMPUTE, computeNanos);
    own.part(Part.SPLIT, splitNanos);
    recorded();
  }

  /** Records a request that a pipeline answered; its own are the moments when no step ran. */
  void answeredBySteps(long totalNanos, Timings timings, GraphTimings graph) {
    if (admitted.incrementAndGet() > maxRequests) {
      return;
    }
    long ownNanos = Math.max(0, totalNanos - graph.coveredNanos());
    long assemblyNanos = Math.min(ownNanos, timings.assembly());
    requests.record(totalNanos);
    own.net(ownNanos);
    own.part(Part.ASSEMBLY, assemblyNanos);
    own.part(Part.SPLIT, ownNanos - assemblyNanos);
    for (StepTiming step : graph.steps()) {
      steps
          .computeIfAbsent(step.name(), name -> new StepRecording(LatencyRecorder.SMALL_SAMPLE))
          .add(step);
    }
    recorded();
  }

  private void recorded() {
    if (recorded.incrementAndGet() == maxRequests) {
      full.complete(null);
    }
  }

  void answeredFromCache(long totalNanos) {
    if (admitted.incrementAndGet() > maxRequests) {
      return;
    }
    requests.record(totalNanos);
    own.net(totalNanos);
    own.part(Part.CACHE, totalNanos);
    cacheHits.increment();
    recorded();
  }

  /** Returns a future that is done when as many requests were recorded as may be. */
  public CompletableFuture<Void> full() {
    return full;
  }

  /** Returns the rows of the engine calls. */
  public long rows() {
    return own.rows();
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

  /** Returns the version's own part, that of its steps left out. */
  public StepRecording own() {
    return own;
  }

  /** Returns the parts of the steps of a pipeline, each that was run; none for other models. */
  public Map<StepName, StepRecording> steps() {
    return Map.copyOf(steps);
  }
}

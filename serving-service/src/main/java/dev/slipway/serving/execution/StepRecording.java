package dev.slipway.serving.execution;

import dev.slipway.serving.execution.Recording.Part;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Where the time of requests went in one step. Thread-safe. */
public final class StepRecording {
  private final LongAdder rows = new LongAdder();
  private final LatencyRecorder net;
  private final Map<Part, LatencyRecorder> parts = new EnumMap<>(Part.class);

  /** Creates a recording whose percentiles are exact up to this many requests. */
  StepRecording(int sample) {
    net = new LatencyRecorder(sample);
    for (Part part : Part.values()) {
      parts.put(part, new LatencyRecorder(sample));
    }
  }

  void rows(long more) {
    rows.add(more);
  }

  void net(long nanos) {
    net.record(nanos);
  }

  void part(Part part, long nanos) {
    parts.get(part).record(nanos);
  }

  /** Records a step whose answer is known to have taken this long. */
  void add(StepTiming timing) {
    long known =
        timing.timings().queue()
            + timing.timings().assembly()
            + timing.timings().compute()
            + timing.cacheNanos();
    rows(timing.rows());
    net(timing.netNanos());
    part(Part.QUEUE, timing.timings().queue());
    part(Part.ASSEMBLY, timing.timings().assembly());
    part(Part.COMPUTE, timing.timings().compute());
    part(Part.CACHE, timing.cacheNanos());
    part(Part.SPLIT, Math.max(0, timing.netNanos() - known));
  }

  /** Returns the rows that went through the step. */
  public long rows() {
    return rows.sum();
  }

  /** Returns the time of requests within the step, without the steps that it calls. */
  public LatencyRecorder net() {
    return net;
  }

  /** Returns the time that requests spent in a part of their way. */
  public LatencyRecorder part(Part part) {
    return parts.get(part);
  }
}

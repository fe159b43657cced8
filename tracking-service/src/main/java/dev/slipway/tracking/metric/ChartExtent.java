package dev.slipway.tracking.metric;

import java.util.Optional;

/**
 * Finds out which range the buckets of a chart divide. Is told of all points, or of chunks in their
 * place, before the first one is charted. Not thread-safe.
 */
public final class ChartExtent {
  private final ChartQuery query;
  private long minStep = Long.MAX_VALUE;
  private long maxStep = Long.MIN_VALUE;
  private long minTime = Long.MAX_VALUE;
  private long maxTime = Long.MIN_VALUE;

  /** Creates an extent without points. */
  public ChartExtent(ChartQuery query) {
    this.query = query;
  }

  /** Takes a point into account. */
  public void add(MetricPoint point) {
    add(point.step(), point.step(), point.timestampMillis(), point.timestampMillis());
  }

  /** Takes the points of a chunk into account. */
  public void add(ChunkHeader chunk) {
    add(chunk.firstStep(), chunk.last().step(), chunk.minTimeMillis(), chunk.maxTimeMillis());
  }

  private void add(long firstStep, long lastStep, long firstTime, long lastTime) {
    minStep = Math.min(minStep, firstStep);
    maxStep = Math.max(maxStep, lastStep);
    minTime = Math.min(minTime, firstTime);
    maxTime = Math.max(maxTime, lastTime);
  }

  /** Returns a chart of the range without points yet; absent when no point can be in the range. */
  public Optional<ChartBuilder> chart() {
    if (minStep > maxStep) {
      return Optional.empty();
    }
    boolean byTime = query.axis() != MetricAxis.STEP;
    long origin = query.axis() == MetricAxis.RELATIVE_TIME ? minTime : 0;
    long first = byTime ? minTime - origin : minStep;
    long last = byTime ? maxTime - origin : maxStep;
    long minX = query.minX().orElse(first);
    long maxX = query.maxX().orElse(last);
    return first > maxX || last < minX
        ? Optional.empty()
        : Optional.of(new ChartBuilder(byTime, origin, minX, maxX, query.buckets()));
  }
}

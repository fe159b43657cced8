package dev.slipway.tracking.metric;

import dev.slipway.tracking.metric.MetricChart.Bucket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Puts points into the buckets of a chart, in any order, none twice. Takes a chunk's header for its
 * points where that makes no difference. Not thread-safe.
 */
public final class ChartBuilder {
  private static final class Contents {
    private MetricPoint last;
    private final ValueRange values = new ValueRange();
    private long points;

    private Contents(MetricPoint first) {
      last = first;
    }
  }

  private final boolean byTime;
  private final long origin;
  private final long minX;
  private final long maxX;
  private final BucketScale scale;
  private final Contents[] buckets;
  private long points;

  /** The bucket of the last point, in which most of the next ones fall too. */
  private Contents present;

  private long presentFirst;
  private long presentLast;

  ChartBuilder(boolean byTime, long origin, long minX, long maxX, int buckets) {
    this.byTime = byTime;
    this.origin = origin;
    this.minX = minX;
    this.maxX = maxX;
    this.scale = new BucketScale(minX, maxX, buckets);
    this.buckets = new Contents[buckets];
  }

  private long x(MetricPoint point) {
    return byTime ? point.timestampMillis() - origin : point.step();
  }

  private boolean isInRange(long x) {
    return x >= minX && x <= maxX;
  }

  /** Adds a point, if it is in the range. */
  public void add(MetricPoint point) {
    long x = x(point);
    if (isInRange(x)) {
      Contents bucket = bucket(x, point);
      bucket.points++;
      bucket.values.add(point.value());
      points++;
    }
  }

  /** Returns whether a chunk's points are needed, because its header does not say enough. */
  public boolean needsPoints(ChunkHeader chunk) {
    long first = first(chunk);
    long last = last(chunk);
    if (last < minX || first > maxX) {
      return false;
    }
    return first < minX || last > maxX || scale.bucket(first) != scale.bucket(last);
  }

  /** Adds a chunk whose points are not needed. */
  public void add(ChunkHeader chunk) {
    if (isInRange(first(chunk))) {
      Contents bucket = bucket(first(chunk), chunk.last());
      bucket.points += chunk.points();
      bucket.values.add(chunk.minValue());
      bucket.values.add(chunk.maxValue());
      points += chunk.points();
    }
  }

  private long first(ChunkHeader chunk) {
    return byTime ? chunk.minTimeMillis() - origin : chunk.firstStep();
  }

  private long last(ChunkHeader chunk) {
    return byTime ? chunk.maxTimeMillis() - origin : chunk.last().step();
  }

  private Contents bucket(long x, MetricPoint last) {
    if (present == null || x < presentFirst || x > presentLast) {
      int index = scale.bucket(x);
      if (buckets[index] == null) {
        buckets[index] = new Contents(last);
      }
      present = buckets[index];
      presentFirst = scale.first(index);
      presentLast = scale.last(index);
    }
    present.last = MetricPoint.max(present.last, last);
    return present;
  }

  /** Returns the chart; absent when no point was in the range. */
  public Optional<MetricChart> build() {
    List<Bucket> filled = new ArrayList<>();
    for (Contents bucket : buckets) {
      if (bucket != null) {
        filled.add(
            new Bucket(
                bucket.last,
                x(bucket.last),
                bucket.values.min(),
                bucket.values.max(),
                bucket.points));
      }
    }
    return points == 0
        ? Optional.empty()
        : Optional.of(new MetricChart(points, minX, maxX, filled));
  }
}

package dev.slipway.tracking.metric;

import dev.slipway.tracking.metric.MetricChart.Bucket;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/** Charts a set of points the plain way, to compare with. */
public final class NaiveChart {
  private NaiveChart() {}

  /** Returns the chart of all points of a metric. */
  public static Optional<MetricChart> of(SortedSet<MetricPoint> points, ChartQuery query) {
    if (points.isEmpty()) {
      return Optional.empty();
    }
    long origin =
        query.axis() == MetricAxis.RELATIVE_TIME
            ? points.stream().mapToLong(MetricPoint::timestampMillis).min().orElseThrow()
            : 0;
    ToLongFunction<MetricPoint> x =
        point -> query.axis() == MetricAxis.STEP ? point.step() : point.timestampMillis() - origin;
    long minX = query.minX().orElse(points.stream().mapToLong(x).min().orElseThrow());
    long maxX = query.maxX().orElse(points.stream().mapToLong(x).max().orElseThrow());
    SortedMap<BigInteger, List<MetricPoint>> buckets = new TreeMap<>();
    long count = 0;
    for (MetricPoint point : points) {
      long at = x.applyAsLong(point);
      if (at >= minX && at <= maxX) {
        count++;
        buckets
            .computeIfAbsent(bucket(at, minX, maxX, query.buckets()), b -> new ArrayList<>())
            .add(point);
      }
    }
    List<Bucket> filled = new ArrayList<>();
    buckets.values().forEach(inBucket -> filled.add(bucket(inBucket, x)));
    return count == 0 ? Optional.empty() : Optional.of(new MetricChart(count, minX, maxX, filled));
  }

  static BigInteger bucket(long x, long minX, long maxX, int buckets) {
    BigInteger min = BigInteger.valueOf(minX);
    BigInteger numbers = BigInteger.valueOf(maxX).subtract(min).add(BigInteger.ONE);
    return BigInteger.valueOf(x)
        .subtract(min)
        .multiply(BigInteger.valueOf(buckets))
        .divide(numbers);
  }

  private static Bucket bucket(List<MetricPoint> points, ToLongFunction<MetricPoint> x) {
    MetricPoint last = points.get(points.size() - 1);
    double[] sorted =
        points.stream()
            .mapToDouble(MetricPoint::value)
            .filter(value -> !Double.isNaN(value))
            .sorted()
            .toArray();
    return new Bucket(
        last,
        x.applyAsLong(last),
        sorted.length == 0 ? Double.NaN : sorted[0],
        sorted.length == 0 ? Double.NaN : sorted[sorted.length - 1],
        points.size());
  }
}

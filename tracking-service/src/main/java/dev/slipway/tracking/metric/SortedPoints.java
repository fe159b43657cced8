package dev.slipway.tracking.metric;

import java.util.ArrayList;
import java.util.List;

/** Makes sorted sets of points out of lists. */
public final class SortedPoints {
  private SortedPoints() {}

  /**
   * Sorts points and leaves out those that are there twice, in place. Linear where they are in
   * order already, as those of a training loop mostly are.
   */
  public static void sort(List<MetricPoint> points) {
    points.sort(null);
    int kept = 0;
    for (MetricPoint point : points) {
      if (kept == 0 || point.compareTo(points.get(kept - 1)) != 0) {
        points.set(kept, point);
        kept++;
      }
    }
    points.subList(kept, points.size()).clear();
  }

  /** Returns the union of two sorted sets. */
  public static List<MetricPoint> union(List<MetricPoint> a, List<MetricPoint> b) {
    List<MetricPoint> union = new ArrayList<>(a.size() + b.size());
    int inB = 0;
    for (MetricPoint point : a) {
      while (inB < b.size() && b.get(inB).compareTo(point) < 0) {
        union.add(b.get(inB));
        inB++;
      }
      if (inB < b.size() && b.get(inB).compareTo(point) == 0) {
        inB++;
      }
      union.add(point);
    }
    union.addAll(b.subList(inB, b.size()));
    return union;
  }
}

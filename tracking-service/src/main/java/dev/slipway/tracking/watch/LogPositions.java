package dev.slipway.tracking.watch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Says up to which commit each metric log is read.
 *
 * @param commits number of the last commit that is read, by log id
 */
public record LogPositions(SortedMap<Long, Long> commits) {
  /** Is before every commit. */
  public static final LogPositions START = new LogPositions(Map.of());

  /**
   * Is a part of a log.
   *
   * @param after the commit before the first one of it
   * @param through the last commit of it
   */
  public record Range(long logId, long after, long through) {}

  /** Copies the commits. */
  public LogPositions(Map<Long, Long> commits) {
    this((SortedMap<Long, Long>) new TreeMap<>(commits));
  }

  /**
   * Returns what lies between an earlier position and this one. A log that is gone by now is quiet
   * for long: all that it still holds belongs to it.
   */
  public List<Range> since(LogPositions earlier) {
    List<Range> ranges = new ArrayList<>();
    commits.forEach(
        (log, through) -> {
          long after = earlier.commits.getOrDefault(log, 0L);
          if (through > after) {
            ranges.add(new Range(log, after, through));
          }
        });
    earlier.commits.forEach(
        (log, after) -> {
          if (!commits.containsKey(log)) {
            ranges.add(new Range(log, after, Long.MAX_VALUE));
          }
        });
    return ranges;
  }
}

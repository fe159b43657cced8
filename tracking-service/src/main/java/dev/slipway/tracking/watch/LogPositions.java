package dev.slipway.tracking.watch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Says up to which commit each metric log is read.
 *
 * @param commits number of the last commit that is read, by log id; logs that are gone may be left
 *     out, save the one with the greatest id
 */
public record LogPositions(SortedMap<Long, Long> commits) {
  /** Is before every commit. */
  public static final LogPositions START = new LogPositions(Map.of());

  /** The commit up to which a log that is gone is read, since no more come to it. */
  public static final long ALL = Long.MAX_VALUE;

  /** If more logs than these came and went in between, nobody looks at each of them. */
  private static final int MAX_UNSEEN = 100;

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
   * for long: all that it still holds belongs to it. So does all of a log that came and went in
   * between, of which neither position knows.
   *
   * @return nothing when too many logs came and went in between
   */
  public Optional<List<Range>> since(LogPositions earlier) {
    long unseen = greatest() - earlier.greatest() - commits.tailMap(earlier.greatest() + 1).size();
    if (unseen > MAX_UNSEEN) {
      return Optional.empty();
    }
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
            ranges.add(new Range(log, after, ALL));
          }
        });
    for (long log = earlier.greatest() + 1; log < greatest(); log++) {
      if (!commits.containsKey(log)) {
        ranges.add(new Range(log, 0, ALL));
      }
    }
    return Optional.of(ranges);
  }

  private long greatest() {
    return commits.isEmpty() ? 0 : commits.lastKey();
  }
}

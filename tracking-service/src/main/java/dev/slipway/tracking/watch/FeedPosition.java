package dev.slipway.tracking.watch;

/**
 * Says how far the changes of a run or an experiment are known.
 *
 * @param revision of the experiment; everything stamped with it or an earlier one is known
 * @param logs points up to here are known
 */
public record FeedPosition(long revision, LogPositions logs) {
  /** Returns whether this is nowhere after another position. */
  public boolean isUpTo(FeedPosition other) {
    return revision <= other.revision
        && logs.commits().entrySet().stream()
            .allMatch(
                log ->
                    log.getValue()
                        <= other.logs.commits().getOrDefault(log.getKey(), Long.MAX_VALUE));
  }
}

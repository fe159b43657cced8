package dev.slipway.client;

import dev.slipway.client.MetricQueue.Offer;

/**
 * Counts points that were logged in vain, by reason.
 *
 * @param invalid the key or the timestamp breaks the rules of the service
 * @param noRoom the bound of memory was reached, and that of the spill if there is one
 * @param afterEnd logged after the end, or after the service had refused the stream
 * @param lost taken, but neither acknowledged nor kept at the end
 */
public record DroppedPoints(long invalid, long noRoom, long afterEnd, long lost) {
  static final DroppedPoints NONE = new DroppedPoints(0, 0, 0, 0);

  /** Returns how many those are in all. */
  public long total() {
    return invalid + noRoom + afterEnd + lost;
  }

  DroppedPoints and(Offer outcome, long points) {
    return switch (outcome) {
      case TAKEN -> this;
      case INVALID -> new DroppedPoints(invalid + points, noRoom, afterEnd, lost);
      case NO_ROOM -> new DroppedPoints(invalid, noRoom + points, afterEnd, lost);
      case CLOSED -> new DroppedPoints(invalid, noRoom, afterEnd + points, lost);
    };
  }

  DroppedPoints andLost(long points) {
    return new DroppedPoints(invalid, noRoom, afterEnd, lost + points);
  }
}

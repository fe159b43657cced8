package dev.slipway.tracking.metric;

/**
 * Is a packed piece of one run's metric log, as one row stores it.
 *
 * @param minStep the least step in it
 * @param maxStep the greatest step in it
 * @param points how many points it holds
 * @param packed the points in the form of {@link SegmentReader}; owned by the segment
 */
@SuppressWarnings(
    "ArrayRecordComponent") // The row's bytes pass through unread; nobody compares segments.
public record Segment(long minStep, long maxStep, int points, byte[] packed) {}

package dev.slipway.artifact.maintenance;

/**
 * Tells how far a consistency check came, since its beginning.
 *
 * @param examined contents that were looked at
 * @param verifiedBytes bytes that were read and digested
 * @param findings differences
 */
public record CheckCounts(long examined, long verifiedBytes, long findings) {}

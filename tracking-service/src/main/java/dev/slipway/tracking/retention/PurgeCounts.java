package dev.slipway.tracking.retention;

/**
 * Counts removed objects.
 *
 * @param metricBytes bytes that their points took, an estimate
 */
public record PurgeCounts(long experiments, long runs, long loggedModels, long metricBytes) {}

package dev.slipway.tracking.model;

import dev.slipway.tracking.metric.MetricPoint;

/**
 * Is a point that a run logs and that is recorded on a logged model too.
 *
 * @param key the metric
 * @param datasetName dataset that the value was measured on; empty without one
 * @param datasetDigest digest of that dataset; empty without one
 */
public record ModelPoint(
    LoggedModelId model, String key, String datasetName, String datasetDigest, MetricPoint point) {}

package dev.slipway.tracking.run;

import dev.slipway.tracking.metric.MetricPoint;

/** Is the latest point of a metric. */
public record LatestMetric(String key, MetricPoint point) {}

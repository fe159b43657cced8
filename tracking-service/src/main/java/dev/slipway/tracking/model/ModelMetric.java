package dev.slipway.tracking.model;

import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.run.RunId;

/**
 * Is the latest point of a metric that one run measured on a logged model and a dataset.
 *
 * @param datasetName empty without a dataset
 * @param datasetDigest empty without a dataset, or where only its name is known
 * @param run the run that logged the point
 */
public record ModelMetric(
    String key, String datasetName, String datasetDigest, RunId run, MetricPoint point) {}

package dev.slipway.tracking.dataset;

import dev.slipway.tracking.experiment.ExperimentId;

/**
 * Is a dataset and one context in which runs of an experiment used it.
 *
 * @param context value of the tag {@link DatasetInput#CONTEXT_TAG}; empty where there is none
 */
public record DatasetSummary(
    ExperimentId experimentId, String name, String digest, String context) {}

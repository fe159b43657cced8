package dev.slipway.tracking.dataset;

import java.util.Optional;

/**
 * Chooses the datasets with a name.
 *
 * @param digest absent for any
 */
public record DatasetSelector(String name, Optional<String> digest) {}

package dev.slipway.tracking.search;

import dev.slipway.tracking.dataset.DatasetSelector;
import java.util.Optional;

/**
 * Is one term of an order of logged models.
 *
 * @param field an attribute or a metric
 * @param descending greatest first; what lacks the field comes last either way
 * @param dataset for a metric, the only dataset whose values count
 */
public record LoggedModelOrder(
    LoggedModelField field, boolean descending, Optional<DatasetSelector> dataset) {}

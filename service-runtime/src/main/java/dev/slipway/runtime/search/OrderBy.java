package dev.slipway.runtime.search;

/**
 * Is one term of an order.
 *
 * @param descending greatest first; what lacks the field comes last either way
 */
public record OrderBy<F>(F field, boolean descending) {}

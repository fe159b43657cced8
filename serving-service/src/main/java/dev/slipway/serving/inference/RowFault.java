package dev.slipway.serving.inference;

/**
 * Why one row of a request was not predicted.
 *
 * @param row counted from 0
 * @param field the input at fault; empty when the model failed on the row
 * @param failure as the request would have failed for the row alone
 */
public record RowFault(long row, String field, RuntimeException failure) {}

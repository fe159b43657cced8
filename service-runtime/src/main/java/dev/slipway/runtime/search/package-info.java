/**
 * The one search language of the suite: MLflow's filters with {@code OR}, {@code NOT} and
 * parentheses, and order terms. Independent of SQL; a service gives its fields as {@link
 * dev.slipway.runtime.search.FieldRules}.
 */
package dev.slipway.runtime.search;

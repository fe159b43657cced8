/**
 * MLflow's filter language with OR, NOT and parentheses, for models and versions; independent of
 * SQL.
 */
package dev.slipway.registry.search;

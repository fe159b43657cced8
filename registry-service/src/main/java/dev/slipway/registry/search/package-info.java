/**
 * The fields by which models and versions are searched in the shared search language; independent
 * of SQL.
 */
package dev.slipway.registry.search;

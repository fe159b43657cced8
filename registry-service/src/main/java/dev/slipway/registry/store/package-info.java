/** Keeps the registry in a database: the only package that knows SQL. */
package dev.slipway.registry.store;

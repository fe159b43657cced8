/** Versions of a model: number, stage, source, and the package that they freeze. */
package dev.slipway.registry.version;

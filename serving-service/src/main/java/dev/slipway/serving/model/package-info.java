/** Versions in memory: loading, switching, keeping and letting go. */
package dev.slipway.serving.model;

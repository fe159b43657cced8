/** Wishes to move a version into a stage, which wait for others to agree. */
package dev.slipway.registry.request;

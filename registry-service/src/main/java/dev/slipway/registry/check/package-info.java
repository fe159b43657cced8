/** Conditions that a version must meet before it enters a stage, and their verdicts. */
package dev.slipway.registry.check;

/** Who may move versions into a stage, and what must be true before. */
package dev.slipway.registry.policy;

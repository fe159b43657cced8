/**
 * Pipelines: packages without a model of their own, which name versions and how they feed each
 * other.
 */
package dev.slipway.engine.pipeline;

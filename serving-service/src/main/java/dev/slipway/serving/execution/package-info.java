/**
 * Running requests on one loaded version: admission, queue, batches and figures. Knows nothing of
 * registries, names or wire formats.
 */
package dev.slipway.serving.execution;

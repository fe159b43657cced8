/**
 * Moves the files of runs, logged models and registered versions over HTTP, as MLflow's clients
 * expect it: through the proxy of the artifact tree, and by the run, model or version they are of.
 */
package dev.slipway.gateway.artifacts;

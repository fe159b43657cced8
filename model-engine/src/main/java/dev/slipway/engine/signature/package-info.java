/**
 * What a model takes and gives, in MLflow's schema language: read, written byte for byte as MLflow
 * writes it, and checked against the tensors of a request.
 */
package dev.slipway.engine.signature;

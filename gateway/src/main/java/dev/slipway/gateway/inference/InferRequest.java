package dev.slipway.gateway.inference;

import dev.slipway.inference.ModelInferRequest;

/**
 * Is a request as the service takes it.
 *
 * @param message all tensors as raw chunks
 * @param binary which outputs come back as they are
 */
record InferRequest(ModelInferRequest message, BinaryOutputs binary) {}

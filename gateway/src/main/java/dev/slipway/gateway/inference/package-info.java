/**
 * Speaks the Open Inference Protocol over HTTP, with Triton's binary tensors: the JSON face of
 * {@code inference.GRPCInferenceService}.
 */
package dev.slipway.gateway.inference;

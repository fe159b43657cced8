/**
 * Tensors in the raw layout of the Open Inference Protocol: little-endian, row-major, no padding.
 * Bytes travel through here without conversion; see {@link dev.slipway.engine.tensor.Tensor} for
 * who owns them.
 */
package dev.slipway.engine.tensor;

/** ONNX models, run by ONNX Runtime on the CPU. */
package dev.slipway.engine.predictor.onnx;

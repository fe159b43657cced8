/** SavedModels, run by TensorFlow on the CPU. */
package dev.slipway.engine.predictor.tensorflow;

/** TorchScript models, by libtorch through DJL. */
package dev.slipway.engine.predictor.pytorch;

/** LightGBM's tree models, run by its own native library. */
package dev.slipway.engine.predictor.lightgbm;

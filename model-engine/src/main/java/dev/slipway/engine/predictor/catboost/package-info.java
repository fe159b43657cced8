/** CatBoost's models, run by its own native library. */
package dev.slipway.engine.predictor.catboost;

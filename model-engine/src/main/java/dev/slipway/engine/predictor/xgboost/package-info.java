/** XGBoost's tree models, run by XGBoost4J. */
package dev.slipway.engine.predictor.xgboost;

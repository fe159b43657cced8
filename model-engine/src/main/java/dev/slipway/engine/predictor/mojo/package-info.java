/** H2O's models in its format for production, MOJO, run by H2O's library in Java. */
package dev.slipway.engine.predictor.mojo;

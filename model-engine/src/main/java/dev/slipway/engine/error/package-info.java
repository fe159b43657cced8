/** The ways in which the engine refuses a package, an input or a prediction. */
package dev.slipway.engine.error;

/**
 * Running a model: the one interface that every engine implements, how an engine is found for a
 * package, and the check of golden requests. One package below per engine.
 */
package dev.slipway.engine.predictor;

/** Models in PMML, the standard of the Data Mining Group, run by PMML4S. */
package dev.slipway.engine.predictor.pmml;

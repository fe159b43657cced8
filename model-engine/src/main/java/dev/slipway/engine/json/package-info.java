/** What tensors are in JSON, wherever people write them by hand. */
package dev.slipway.engine.json;

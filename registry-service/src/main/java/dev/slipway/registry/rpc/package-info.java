/** Turns messages into domain values and back. */
package dev.slipway.registry.rpc;

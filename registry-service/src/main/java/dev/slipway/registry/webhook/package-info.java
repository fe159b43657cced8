/** Webhooks: who is told of which events, how they are signed, and how a delivery goes on. */
package dev.slipway.registry.webhook;

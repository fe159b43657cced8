/**
 * The registry service: registered models, versions, stages, aliases, the audit and the change
 * feed.
 */
package dev.slipway.registry;

/** What happened to the registry: the audit and the change feed. */
package dev.slipway.registry.event;

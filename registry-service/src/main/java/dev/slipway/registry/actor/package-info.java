/** Who gives a command, and the stamp that it leaves on what it changes. */
package dev.slipway.registry.actor;

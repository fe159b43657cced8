/** Registered models, their names and aliases. */
package dev.slipway.registry.model;

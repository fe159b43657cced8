/**
 * Rules that need more than one value: registering a package, sweeping what is left over, feeding
 * watchers.
 */
package dev.slipway.registry.service;

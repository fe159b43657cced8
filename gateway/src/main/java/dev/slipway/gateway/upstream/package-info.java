/**
 * Calls the services: their stubs, in whose name calls are made, and what came of a call, whatever
 * protocol the client of the gateway speaks.
 */
package dev.slipway.gateway.upstream;

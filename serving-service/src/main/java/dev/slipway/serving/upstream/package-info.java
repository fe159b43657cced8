/**
 * Other services behind domain methods: the registry's change feed and the artifact service's
 * packages.
 */
package dev.slipway.serving.upstream;

/** Other services behind domain methods; their failures become ours here. */
package dev.slipway.registry.upstream;

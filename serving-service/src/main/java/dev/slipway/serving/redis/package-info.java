/** Answers that servers share through Redis. */
package dev.slipway.serving.redis;

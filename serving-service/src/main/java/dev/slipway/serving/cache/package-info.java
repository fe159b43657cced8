/**
 * Answers that were given before: what they are found by, how long they are kept and how much room
 * they take. Knows nothing of queues, names or wire formats.
 */
package dev.slipway.serving.cache;

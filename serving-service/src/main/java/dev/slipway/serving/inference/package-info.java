/**
 * The one path of every prediction, whichever protocol it came by: choose, load if needed, check,
 * run, say who answered.
 */
package dev.slipway.serving.inference;

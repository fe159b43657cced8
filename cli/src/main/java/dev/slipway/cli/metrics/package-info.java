/** Is the commands about metrics. */
package dev.slipway.cli.metrics;

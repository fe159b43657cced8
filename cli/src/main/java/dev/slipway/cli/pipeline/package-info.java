/** Writes pipelines and tells what is wrong with them: {@code slipway pipeline}. */
package dev.slipway.cli.pipeline;

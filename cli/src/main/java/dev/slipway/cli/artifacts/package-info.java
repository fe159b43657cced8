/** Is the commands about artifacts. */
package dev.slipway.cli.artifacts;

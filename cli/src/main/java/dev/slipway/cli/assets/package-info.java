/** Is the commands about versioned assets. */
package dev.slipway.cli.assets;

/** Commands about traffic rules. */
package dev.slipway.cli.traffic;

/** Is the removal of deleted objects for good. */
package dev.slipway.cli.gc;

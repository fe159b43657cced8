/** Predicts for the rows of files, in constant memory, and goes on where it was stopped. */
package dev.slipway.cli.batch;

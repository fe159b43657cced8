/**
 * Is the Java client of Slipway: channels and stubs, metric streams for training jobs, and
 * transfers of files and folders.
 */
package dev.slipway.client;

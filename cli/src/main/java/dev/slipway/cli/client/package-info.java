/** Is what commands share that call services: where these are, and how failures are told. */
package dev.slipway.cli.client;

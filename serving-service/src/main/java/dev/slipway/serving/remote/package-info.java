/** Models that another server runs: which, whether this one may call it, and how it is called. */
package dev.slipway.serving.remote;

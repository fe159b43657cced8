package dev.slipway.gateway.http;

/**
 * Is what the edge itself answers instead of a handler, for each protocol to put into its own form.
 *
 * @param status the HTTP status: 404 where no path fits, 405 where another method would, 500 after
 *     a failure that nobody foresaw, or another 4xx
 * @param message what is wrong, fit for the client to see
 */
public record Refusal(int status, String message) {}

package dev.slipway.gateway.http;

import io.javalin.http.Handler;
import io.javalin.http.HandlerType;

/**
 * Leads requests to whoever answers them.
 *
 * @param path what the path of a request must be; names in braces stand for one segment each, in
 *     angle brackets for one or more
 * @param handler answers on the thread of the request, within the gRPC context that its calls end
 *     with
 */
public record Route(HandlerType method, String path, Handler handler) {}

package dev.slipway.gateway.http;

import io.javalin.http.Context;
import java.io.IOException;
import java.util.List;

/** Speaks one protocol of HTTP clients: what it answers, and how it refuses. Thread-safe. */
public interface RouteGroup {
  /** Returns the routes; no two have the same method and path. */
  List<Route> routes();

  /** Returns whether requests to a path are of this protocol, whether or not a route fits. */
  boolean owns(String path);

  /**
   * Answers a request to an own path that no handler has answered.
   *
   * @throws IOException if the client is away
   */
  void refuse(Context context, Refusal refusal) throws IOException;
}

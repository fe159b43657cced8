package dev.slipway.gateway.mlflow;

import io.javalin.http.HandlerType;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Is one endpoint of MLflow's interface.
 *
 * @param path below the prefixes; a name in braces stands for one segment, which the endpoint finds
 *     among the fields of its request
 * @param prefixes under which the path is served
 * @param names MLflow's names of fields that the service's message names otherwise, by the
 *     service's path of the field; for messages about what is wrong with a request
 */
record MlflowRoute(
    HandlerType method,
    String path,
    List<String> prefixes,
    MlflowEndpoint endpoint,
    Map<String, String> names) {
  private static final String BROWSERS = "/ajax-api/2.0/mlflow/";
  private static final List<String> EVERYBODY = List.of("/api/2.0/mlflow/", BROWSERS);

  static MlflowRoute get(String path, MlflowEndpoint endpoint) {
    return of(HandlerType.GET, path, endpoint);
  }

  static MlflowRoute post(String path, MlflowEndpoint endpoint) {
    return of(HandlerType.POST, path, endpoint);
  }

  static MlflowRoute patch(String path, MlflowEndpoint endpoint) {
    return of(HandlerType.PATCH, path, endpoint);
  }

  static MlflowRoute delete(String path, MlflowEndpoint endpoint) {
    return of(HandlerType.DELETE, path, endpoint);
  }

  private static MlflowRoute of(HandlerType method, String path, MlflowEndpoint endpoint) {
    return new MlflowRoute(method, path, EVERYBODY, endpoint, Map.of());
  }

  /** Returns the same endpoint, served only where web pages look for it. */
  MlflowRoute forBrowsers() {
    return new MlflowRoute(method, path, List.of(BROWSERS), endpoint, names);
  }

  /** Returns the same endpoint with MLflow's name of one more field. */
  MlflowRoute naming(String servicePath, String name) {
    Map<String, String> more = new HashMap<>(names);
    more.put(servicePath, name);
    return new MlflowRoute(method, path, prefixes, endpoint, Map.copyOf(more));
  }
}

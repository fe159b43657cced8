package dev.slipway.gateway.mlflow;

import dev.slipway.gateway.http.Route;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Answers what clients ask about the server itself. Thread-safe. */
final class ServerEndpoints {
  /** The version of MLflow whose interface this is; clients read it and turn features on by it. */
  static final String MLFLOW_VERSION = "3.11.1";

  private static final List<String> PREFIXES = List.of("/api/3.0/mlflow/", "/ajax-api/3.0/mlflow/");

  private final MlflowAnswers answers;

  ServerEndpoints(MlflowAnswers answers) {
    this.answers = answers;
  }

  /** Returns the routes. */
  List<Route> routes() {
    List<Route> routes = new ArrayList<>();
    routes.add(new Route(HandlerType.GET, "/health", context -> context.html("OK")));
    routes.add(new Route(HandlerType.GET, "/version", context -> context.result(MLFLOW_VERSION)));
    for (String prefix : PREFIXES) {
      routes.add(new Route(HandlerType.GET, prefix + "server-info", this::serverInfo));
    }
    return routes;
  }

  private void serverInfo(Context context) throws IOException {
    answers.answer(
        context,
        json -> {
          json.writeStringField("store_type", "SqlStore");
          json.writeBooleanField("workspaces_enabled", false);
        });
  }
}

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

  private static final String UI_TELEMETRY = "/ajax-api/3.0/mlflow/ui-telemetry";
  private static final List<HandlerType> WORKSPACE_METHODS =
      List.of(HandlerType.GET, HandlerType.POST, HandlerType.PATCH, HandlerType.DELETE);

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
      for (HandlerType method : WORKSPACE_METHODS) {
        routes.add(new Route(method, prefix + "workspaces", ServerEndpoints::noWorkspaces));
        routes.add(new Route(method, prefix + "workspaces/<rest>", ServerEndpoints::noWorkspaces));
      }
    }
    routes.add(new Route(HandlerType.GET, UI_TELEMETRY, this::uiTelemetry));
    routes.add(new Route(HandlerType.POST, UI_TELEMETRY, this::uiTelemetry));
    return routes;
  }

  private static void noWorkspaces(Context context) {
    context
        .status(ErrorCode.TEMPORARILY_UNAVAILABLE.httpStatus())
        .result("This server has no workspaces.\n");
  }

  /** MLflow's web pages ask whether they may report on their users; here they may not. */
  private void uiTelemetry(Context context) throws IOException {
    answers.answer(
        context,
        json -> {
          json.writeBooleanField("disable_ui_telemetry", true);
          json.writeArrayFieldStart("disable_ui_events");
          json.writeEndArray();
          json.writeNumberField("ui_rollout_percentage", 0);
        });
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

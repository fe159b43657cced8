package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.slipway.gateway.GatewayConfig;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpResponseException;
import io.javalin.router.Endpoint;
import java.io.IOException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Speaks MLflow's REST interface: which path leads to which endpoint, and how an outcome becomes an
 * answer. Thread-safe.
 */
public final class MlflowRoutes {
  /** The version of MLflow whose interface this is; clients read it and turn features on by it. */
  public static final String MLFLOW_VERSION = "3.11.1";

  private static final Logger log = LoggerFactory.getLogger(MlflowRoutes.class);

  private static final List<String> PREFIXES = List.of("/api/2.0/mlflow/", "/ajax-api/2.0/mlflow/");
  private static final List<String> PREFIXES_OF_3 =
      List.of("/api/3.0/mlflow/", "/ajax-api/3.0/mlflow/");

  private static final String JSON = "application/json";
  private static final int RETRY_AFTER_SECONDS = 1;

  private final JsonFactory factory;
  private final RequestReader reader;
  private final ExperimentEndpoints experiments;
  private final RunEndpoints runs;
  private final MetricEndpoints metrics;
  private final RegisteredModelEndpoints models;
  private final ModelVersionEndpoints versions;

  /**
   * Creates the routes over channels to the services; the caller closes those.
   *
   * @param config limits of a request
   */
  public MlflowRoutes(GatewayConfig config, Channel tracking, Channel registry) {
    this.factory =
        JsonFactory.builder()
            .streamReadConstraints(
                StreamReadConstraints.builder().maxStringLength(config.maxBodyBytes()).build())
            .build();
    this.reader = new RequestReader(factory, config.maxBodyBytes());
    Services services = new Services(tracking, registry, config.requestTimeout());
    this.experiments = new ExperimentEndpoints(services);
    this.runs = new RunEndpoints(services);
    this.metrics = new MetricEndpoints(services);
    this.models = new RegisteredModelEndpoints(services);
    this.versions = new ModelVersionEndpoints(services);
  }

  /** Adds the routes, and the answers for paths that nobody has. */
  public void addTo(RoutesConfig routes) {
    addServiceRoutes(routes);
    addExperiments(routes);
    addRuns(routes);
    addRegisteredModels(routes);
    addModelVersions(routes);
    routes.exception(HttpResponseException.class, this::answerUnknown);
    routes.exception(Exception.class, this::answerUnforeseen);
  }

  private void addServiceRoutes(RoutesConfig routes) {
    routes.get("/health", context -> context.html("OK"));
    routes.get("/version", context -> context.result(MLFLOW_VERSION));
    for (String prefix : PREFIXES_OF_3) {
      routes.get(
          prefix + "server-info",
          context ->
              answer(
                  context,
                  json -> {
                    json.writeStringField("store_type", "SqlStore");
                    json.writeBooleanField("workspaces_enabled", false);
                  }));
    }
  }

  private void addExperiments(RoutesConfig routes) {
    post(routes, "experiments/create", experiments::create);
    get(routes, "experiments/get", experiments::get);
    get(routes, "experiments/get-by-name", experiments::getByName);
    get(routes, "experiments/search", experiments::search);
    post(routes, "experiments/search", experiments::search);
    post(routes, "experiments/update", experiments::update);
    post(routes, "experiments/delete", experiments::delete);
    post(routes, "experiments/restore", experiments::restore);
    post(routes, "experiments/set-experiment-tag", experiments::setTag);
    post(routes, "experiments/delete-experiment-tag", experiments::deleteTag);
  }

  private void addRuns(RoutesConfig routes) {
    post(routes, "runs/create", runs::create);
    get(routes, "runs/get", runs::get);
    post(routes, "runs/update", runs::update);
    post(routes, "runs/search", runs::search);
    post(routes, "runs/delete", runs::delete);
    post(routes, "runs/restore", runs::restore);
    post(routes, "runs/log-metric", runs::logMetric);
    post(routes, "runs/log-parameter", runs::logParameter);
    post(routes, "runs/log-batch", runs::logBatch);
    post(routes, "runs/set-tag", runs::setTag);
    post(routes, "runs/delete-tag", runs::deleteTag);
    get(routes, "metrics/get-history", metrics::getHistory);
  }

  private void addRegisteredModels(RoutesConfig routes) {
    post(routes, "registered-models/create", models::create);
    get(routes, "registered-models/get", models::get);
    post(routes, "registered-models/rename", models::rename);
    patch(routes, "registered-models/update", models::update);
    delete(routes, "registered-models/delete", models::delete);
    get(routes, "registered-models/search", models::search);
    post(routes, "registered-models/search", models::search);
    get(routes, "registered-models/get-latest-versions", models::getLatestVersions);
    post(routes, "registered-models/get-latest-versions", models::getLatestVersions);
    post(routes, "registered-models/set-tag", models::setTag);
    delete(routes, "registered-models/delete-tag", models::deleteTag);
    get(routes, "registered-models/alias", models::getByAlias);
    post(routes, "registered-models/alias", models::setAlias);
    delete(routes, "registered-models/alias", models::deleteAlias);
  }

  private void addModelVersions(RoutesConfig routes) {
    post(routes, "model-versions/create", versions::create);
    get(routes, "model-versions/get", versions::get);
    patch(routes, "model-versions/update", versions::update);
    delete(routes, "model-versions/delete", versions::delete);
    get(routes, "model-versions/search", versions::search);
    get(routes, "model-versions/get-download-uri", versions::getDownloadUri);
    post(routes, "model-versions/transition-stage", versions::transitionStage);
    post(routes, "model-versions/set-tag", versions::setTag);
    delete(routes, "model-versions/delete-tag", versions::deleteTag);
  }

  private void get(RoutesConfig routes, String path, MlflowEndpoint endpoint) {
    add(routes, HandlerType.GET, path, endpoint);
  }

  private void post(RoutesConfig routes, String path, MlflowEndpoint endpoint) {
    add(routes, HandlerType.POST, path, endpoint);
  }

  private void patch(RoutesConfig routes, String path, MlflowEndpoint endpoint) {
    add(routes, HandlerType.PATCH, path, endpoint);
  }

  private void delete(RoutesConfig routes, String path, MlflowEndpoint endpoint) {
    add(routes, HandlerType.DELETE, path, endpoint);
  }

  private void add(RoutesConfig routes, HandlerType method, String path, MlflowEndpoint endpoint) {
    for (String prefix : PREFIXES) {
      routes.addEndpoint(new Endpoint(method, prefix + path, context -> handle(context, endpoint)));
    }
  }

  private void handle(Context context, MlflowEndpoint endpoint) throws IOException {
    Answer answer;
    try {
      Fields request = reader.read(context);
      try {
        answer = endpoint.handle(request);
      } catch (StatusRuntimeException e) {
        throw ErrorTranslator.translate(e, request);
      }
    } catch (MlflowException e) {
      refuse(context, e);
      return;
    }
    answer(context, answer);
  }

  private void answer(Context context, Answer answer) throws IOException {
    context.contentType(JSON);
    try (JsonGenerator json = factory.createGenerator(context.outputStream())) {
      json.writeStartObject();
      answer.writeTo(json);
      json.writeEndObject();
    }
  }

  private void refuse(Context context, MlflowException refusal) throws IOException {
    context.status(refusal.httpStatus());
    if (refusal.httpStatus() == ErrorCode.TEMPORARILY_UNAVAILABLE.httpStatus()
        || refusal.httpStatus() == ErrorCode.RESOURCE_EXHAUSTED.httpStatus()) {
      context.header("Retry-After", Integer.toString(RETRY_AFTER_SECONDS));
    }
    answer(
        context,
        json -> {
          json.writeStringField("error_code", refusal.code().name());
          json.writeStringField("message", refusal.getMessage());
        });
  }

  /** Answers what the server itself refuses: no such path, or no such method there. */
  private void answerUnknown(HttpResponseException refusal, Context context) {
    ErrorCode code =
        refusal.getStatus() == ErrorCode.ENDPOINT_NOT_FOUND.httpStatus()
            ? ErrorCode.ENDPOINT_NOT_FOUND
            : ErrorCode.BAD_REQUEST;
    String message =
        code == ErrorCode.ENDPOINT_NOT_FOUND
            ? "There is no endpoint " + context.method() + " " + context.path()
            : refusal.getMessage() + ": " + context.method() + " " + context.path();
    answerQuietly(context, new MlflowException(code, refusal.getStatus(), message));
  }

  private void answerUnforeseen(Exception failure, Context context) {
    if (failure instanceof IOException) {
      // The client went away; there is nobody to answer.
      log.debug("{} {} broke off", context.method(), context.path(), failure);
      return;
    }
    log.error("unforeseen failure of {} {}", context.method(), context.path(), failure);
    answerQuietly(
        context,
        new MlflowException(
            ErrorCode.INTERNAL_ERROR, "Internal error; the server's log has the details"));
  }

  private void answerQuietly(Context context, MlflowException refusal) {
    try {
      refuse(context, refusal);
    } catch (IOException e) {
      log.debug("{} {} broke off", context.method(), context.path(), e);
    }
  }
}

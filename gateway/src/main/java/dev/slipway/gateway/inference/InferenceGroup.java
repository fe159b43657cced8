package dev.slipway.gateway.inference;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.gateway.GatewayConfig;
import dev.slipway.gateway.http.Refusal;
import dev.slipway.gateway.http.Route;
import dev.slipway.gateway.http.RouteGroup;
import dev.slipway.gateway.upstream.Outcome;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.runtime.error.InvalidRequestException;
import io.grpc.StatusRuntimeException;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Speaks the Open Inference Protocol over HTTP. Every path about one model also takes {@code
 * /versions/{version}}, where the version is a number, a stage, {@code latest} or an alias; without
 * it the version in Production is meant. A refusal is {@code {"error": ...}}. Thread-safe.
 */
public final class InferenceGroup implements RouteGroup {
  private static final String ROOT = "/v2";
  private static final String MODEL = ROOT + "/models/{model}";
  private static final String VERSION = MODEL + "/versions/{version}";
  private static final Set<Integer> WORTH_A_RETRY = Set.of(429, 503);
  private static final String RETRY_AFTER_SECONDS = "1";

  private final ServerEndpoints server;
  private final ModelEndpoints models;
  private final RepositoryEndpoints repository;
  private final InferEndpoint infer;

  /**
   * Creates the routes.
   *
   * @param config limits of a request
   */
  public InferenceGroup(GatewayConfig config, Services services) {
    this.server = new ServerEndpoints(services);
    this.models = new ModelEndpoints(services);
    this.repository = new RepositoryEndpoints(services, config.maxBodyBytes());
    this.infer = new InferEndpoint(services, config.maxInferenceBytes());
  }

  @Override
  public List<Route> routes() {
    return Stream.of(
            Stream.of(
                get(ROOT, server::metadata),
                get(ROOT + "/health/live", server::live),
                get(ROOT + "/health/ready", server::ready),
                get(ROOT + "/models", repository::names),
                // Before the models, of which one may be called that.
                get(ROOT + "/models/stats", models::statistics),
                post(ROOT + "/repository/index", repository::index),
                post(ROOT + "/repository/models/{model}/load", repository::load),
                post(ROOT + "/repository/models/{model}/unload", repository::unload)),
            Stream.of(MODEL, VERSION)
                .flatMap(
                    model ->
                        Stream.of(
                            get(model, models::metadata),
                            get(model + "/ready", models::ready),
                            get(model + "/config", models::config),
                            get(model + "/stats", models::statistics),
                            post(model + "/infer", infer),
                            post(model + "/generate", lacks("generation")),
                            post(model + "/generate_stream", lacks("generation")),
                            post(model + "/infer_stream", lacks("streams over HTTP")))),
            Stream.of(HandlerType.GET, HandlerType.POST)
                .flatMap(
                    method ->
                        Stream.of(
                            new Route(method, ROOT + "/trace/setting", lacks("tracing")),
                            new Route(method, MODEL + "/trace/setting", lacks("tracing")),
                            new Route(method, ROOT + "/logging", lacks("log settings")),
                            new Route(
                                method,
                                ROOT + "/systemsharedmemory/<path>",
                                lacks("shared memory")),
                            new Route(
                                method,
                                ROOT + "/cudasharedmemory/<path>",
                                lacks("shared memory")))))
        .flatMap(routes -> routes)
        .toList();
  }

  private static Route get(String path, Handler handler) {
    return new Route(HandlerType.GET, path, translated(handler));
  }

  private static Route post(String path, Handler handler) {
    return new Route(HandlerType.POST, path, translated(handler));
  }

  private static Handler translated(Handler handler) {
    return context -> {
      try {
        handler.handle(context);
      } catch (StatusRuntimeException e) {
        throw InferenceErrors.translate(Outcome.of(e));
      } catch (InvalidRequestException e) {
        throw InferenceErrors.malformed(e);
      }
    };
  }

  private static Handler lacks(String what) {
    return context -> {
      throw InferenceErrors.unsupported("this server does not offer " + what);
    };
  }

  @Override
  public boolean owns(String path) {
    return path.equals(ROOT) || path.startsWith(ROOT + "/");
  }

  @Override
  public void refuse(Context context, Refusal refusal) throws IOException {
    context.status(refusal.status()).contentType(JsonAnswers.JSON);
    if (WORTH_A_RETRY.contains(refusal.status())) {
      context.header("Retry-After", RETRY_AFTER_SECONDS);
    }
    try (JsonGenerator json = JsonAnswers.open(context.outputStream())) {
      json.writeStartObject();
      json.writeStringField("error", refusal.message());
      json.writeEndObject();
    }
  }
}

package dev.slipway.gateway.mlflow;

import dev.slipway.gateway.GatewayConfig;
import dev.slipway.gateway.http.Refusal;
import dev.slipway.gateway.http.Route;
import dev.slipway.gateway.http.RouteGroup;
import dev.slipway.gateway.upstream.Outcome;
import dev.slipway.gateway.upstream.Services;
import io.grpc.StatusRuntimeException;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

/**
 * Speaks MLflow's REST interface: which path leads to which endpoint, and how an outcome becomes an
 * answer. Thread-safe.
 */
public final class MlflowGroup implements RouteGroup {
  private final MlflowAnswers answers = new MlflowAnswers();
  private final ServerEndpoints server = new ServerEndpoints(answers);
  private final RequestReader reader;
  private final List<MlflowFamily> families;

  /**
   * Creates the routes.
   *
   * @param config limits of a request
   */
  public MlflowGroup(GatewayConfig config, Services services) {
    this.reader = new RequestReader(config.maxBodyBytes());
    this.families =
        List.of(
            new ExperimentEndpoints(services),
            new RunEndpoints(services),
            new RunInputEndpoints(services),
            new LogModelEndpoints(services),
            new MetricEndpoints(services),
            new BulkHistoryEndpoints(services),
            new LoggedModelEndpoints(services),
            new RegisteredModelEndpoints(services),
            new ModelVersionEndpoints(services),
            new MultipartEndpoints(services),
            new WebhookEndpoints(services));
  }

  @Override
  public List<Route> routes() {
    Stream<Route> endpoints =
        families.stream().flatMap(family -> family.routes().stream()).flatMap(this::served);
    return Stream.concat(server.routes().stream(), endpoints).toList();
  }

  private Stream<Route> served(MlflowRoute route) {
    return route.prefixes().stream()
        .map(
            prefix ->
                new Route(
                    route.method(), prefix + route.path(), context -> handle(context, route)));
  }

  /** Whatever no other protocol wants is MLflow's: its clients ask for what they do without. */
  @Override
  public boolean owns(String path) {
    return true;
  }

  private void handle(Context context, MlflowRoute route) throws IOException {
    try {
      Fields request = reader.read(context);
      try {
        answers.answer(context, route.endpoint().handle(request));
      } catch (StatusRuntimeException e) {
        throw ErrorTranslator.translate(Outcome.of(e), new RequestNames(request, route.names()));
      }
    } catch (MlflowException e) {
      answers.refuse(context, e);
    }
  }

  @Override
  public void refuse(Context context, Refusal refusal) throws IOException {
    String request = context.method() + " " + context.path();
    answers.refuse(
        context,
        switch (refusal.status()) {
          case 404 ->
              new MlflowException(ErrorCode.ENDPOINT_NOT_FOUND, "There is no endpoint " + request);
          case 500 -> new MlflowException(ErrorCode.INTERNAL_ERROR, refusal.message());
          default ->
              new MlflowException(
                  ErrorCode.BAD_REQUEST, refusal.status(), refusal.message() + ": " + request);
        });
  }
}

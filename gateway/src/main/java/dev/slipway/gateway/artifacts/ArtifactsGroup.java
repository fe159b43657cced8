package dev.slipway.gateway.artifacts;

import dev.slipway.artifact.v1.DeleteRequest;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.gateway.http.Refusal;
import dev.slipway.gateway.http.Route;
import dev.slipway.gateway.http.RouteGroup;
import dev.slipway.gateway.mlflow.Answer;
import dev.slipway.gateway.mlflow.ArtifactErrors;
import dev.slipway.gateway.mlflow.MlflowAnswers;
import dev.slipway.gateway.mlflow.MlflowException;
import dev.slipway.gateway.upstream.Outcome;
import dev.slipway.gateway.upstream.Services;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Leads requests for files to the artifact service. What is asked of paths that are no routes here,
 * {@link dev.slipway.gateway.mlflow.MlflowGroup} refuses, in the same words. Thread-safe.
 */
public final class ArtifactsGroup implements RouteGroup {
  /** Files that move at a time; each holds a thread of the edge, which has 200. */
  private static final int MAX_TRANSFERS = 64;

  /** The most bytes that a web page may upload. */
  private static final long MAX_PAGE_UPLOAD_BYTES = 10 << 20;

  private static final List<String> PROXIES =
      List.of("/api/2.0/mlflow-artifacts/artifacts", "/ajax-api/2.0/mlflow-artifacts/artifacts");
  private static final String BROWSERS = "/ajax-api/2.0/mlflow";
  private static final List<String> EVERYBODY = List.of("/api/2.0/mlflow", BROWSERS);

  private final Services services;
  private final ArtifactRoots roots;
  private final VersionFiles versions;
  private final Listings listings;
  private final Transfers transfers = new Transfers(MAX_TRANSFERS);
  private final MlflowAnswers answers = new MlflowAnswers();

  /** Answers one kind of request. */
  private interface Action {
    void answer(Context context) throws IOException, InterruptedException, StatusException;
  }

  /** Creates the routes. */
  public ArtifactsGroup(Services services) {
    this.services = services;
    this.roots = new ArtifactRoots(services);
    this.versions = new VersionFiles(services);
    this.listings = new Listings(services);
  }

  @Override
  public List<Route> routes() {
    List<Route> routes = new ArrayList<>();
    for (String proxy : PROXIES) {
      String file = proxy + "/<path>";
      routes.add(
          route(
              HandlerType.GET,
              proxy,
              context -> answer(context, listings.names(directory(context, "path")))));
      routes.add(
          route(HandlerType.GET, file, context -> download(context, behind(context, proxy))));
      routes.add(route(HandlerType.PUT, file, context -> put(context, behind(context, proxy))));
      routes.add(
          route(HandlerType.DELETE, file, context -> delete(context, behind(context, proxy))));
    }
    for (String prefix : EVERYBODY) {
      routes.add(route(HandlerType.GET, prefix + "/artifacts/list", this::listRun));
      routes.add(
          route(
              HandlerType.GET,
              prefix + "/logged-models/{model_id}/artifacts/directories",
              this::listLoggedModel));
    }
    routes.add(
        route(
            HandlerType.GET,
            BROWSERS + "/logged-models/{model_id}/artifacts/files",
            this::downloadOfLoggedModel));
    routes.add(route(HandlerType.POST, BROWSERS + "/upload-artifact", this::uploadOfPage));
    routes.add(route(HandlerType.GET, "/get-artifact", this::downloadOfRun));
    routes.add(route(HandlerType.GET, "/model-versions/get-artifact", this::downloadOfVersion));
    return routes;
  }

  @Override
  public boolean owns(String path) {
    return false;
  }

  @Override
  public void refuse(Context context, Refusal refusal) {
    throw new IllegalStateException("no path is owned here");
  }

  private Route route(HandlerType method, String path, Action action) {
    return new Route(method, path, context -> handle(context, action));
  }

  private void handle(Context context, Action action) throws IOException {
    try {
      action.answer(context);
    } catch (MlflowException e) {
      answers.refuse(context, e);
    } catch (StatusRuntimeException e) {
      answers.refuse(context, ArtifactErrors.translate(Outcome.of(e)));
    } catch (StatusException e) {
      answers.refuse(
          context,
          ArtifactErrors.translate(Outcome.of(e.getStatus().asRuntimeException(e.getTrailers()))));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the server is stopping");
    }
  }

  private void answer(Context context, Answer answer) throws IOException {
    answers.answer(context, answer);
  }

  private void listRun(Context context) throws IOException {
    ArtifactRoot root = roots.ofRun(runId(context));
    answer(context, listings.below(root, directory(context, "path")));
  }

  private void listLoggedModel(Context context) throws IOException {
    ArtifactRoot root = roots.ofLoggedModel(context.pathParam("model_id"));
    answer(context, listings.below(root, directory(context, "artifact_directory_path")));
  }

  private void downloadOfRun(Context context)
      throws IOException, InterruptedException, StatusException {
    download(context, roots.ofRun(runId(context)).at(required(context, "path")));
  }

  private void downloadOfLoggedModel(Context context)
      throws IOException, InterruptedException, StatusException {
    ArtifactRoot root = roots.ofLoggedModel(context.pathParam("model_id"));
    download(context, root.at(required(context, "artifact_file_path")));
  }

  private void downloadOfVersion(Context context)
      throws IOException, InterruptedException, StatusException {
    String path = required(context, "path");
    long number = number(required(context, "version"));
    download(context, versions.find(required(context, "name"), number, path), path);
  }

  private void download(Context context, String path)
      throws IOException, InterruptedException, StatusException {
    download(context, DownloadRequest.newBuilder().setPath(path).build(), path);
  }

  private void download(Context context, DownloadRequest file, String path)
      throws IOException, InterruptedException, StatusException {
    String name = path.substring(path.lastIndexOf('/') + 1);
    transfers.run(() -> new StoredDownload(services.transfers()).send(context, file, name));
  }

  private void put(Context context, String path)
      throws IOException, InterruptedException, StatusException {
    StoredUpload upload = new StoredUpload(services.transfers(), Long.MAX_VALUE);
    transfers.run(() -> upload.store(context, path, true));
    answer(context, Answer.EMPTY);
  }

  private void uploadOfPage(Context context)
      throws IOException, InterruptedException, StatusException {
    String path = roots.ofRun(required(context, "run_uuid")).at(required(context, "path"));
    StoredUpload upload = new StoredUpload(services.transfers(), MAX_PAGE_UPLOAD_BYTES);
    transfers.run(() -> upload.store(context, path, false));
    context.status(200);
  }

  private void delete(Context context, String path) throws IOException {
    var unused =
        services
            .artifact()
            .delete(
                DeleteRequest.newBuilder()
                    .setPath(path)
                    .setRecursive(true)
                    .setAllowMissing(true)
                    .build());
    answer(context, Answer.EMPTY);
  }

  private static String runId(Context context) {
    return Optional.ofNullable(context.queryParam("run_id"))
        .filter(id -> !id.isEmpty())
        .or(() -> Optional.ofNullable(context.queryParam("run_uuid")))
        .filter(id -> !id.isEmpty())
        .orElseThrow(() -> MlflowException.missing("run_id"));
  }

  private static String required(Context context, String name) {
    return Optional.ofNullable(context.queryParam(name))
        .filter(value -> !value.isEmpty())
        .orElseThrow(() -> MlflowException.missing(name));
  }

  private static String directory(Context context, String name) {
    return ArtifactRoot.withoutEndingSlashes(
        Optional.ofNullable(context.queryParam(name)).orElse(""));
  }

  private static long number(String version) {
    try {
      return Long.parseLong(version);
    } catch (NumberFormatException e) {
      throw MlflowException.refused(
          "Parameter 'version' must be an integer, got '" + version + "'");
    }
  }

  /**
   * Returns what follows a prefix in the path of a request, decoded once. It is taken from the path
   * as it came: a plus stays a plus, and empty segments stay for the service to refuse.
   */
  private static String behind(Context context, String prefix) {
    String raw = context.req().getRequestURI();
    if (!raw.startsWith(prefix + "/")) {
      throw ArtifactErrors.invalidPath();
    }
    try {
      return URLDecoder.decode(
          raw.substring(prefix.length() + 1).replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw ArtifactErrors.invalidPath();
    }
  }
}

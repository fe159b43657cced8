package dev.slipway.gateway;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.registry.RegistryConfig;
import dev.slipway.registry.RegistryModule;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.testing.TestDatabases;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Runs the gateway over the real services, once for all tests of a class, and speaks HTTP to it.
 */
public final class GatewayExtension implements BeforeAllCallback, AfterAllCallback {
  /** The largest body that the gateway under test takes. */
  public static final int MAX_BODY_BYTES = 2_000_000;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String API = "/api/2.0/mlflow/";

  private final HttpClient http = HttpClient.newHttpClient();
  private final MetricRegistry metrics = new MetricRegistry();
  private Path folder;
  private ManagedChannel peers;
  private GrpcServer server;
  private GatewayModule gateway;

  /**
   * Is an answer with its parsed body.
   *
   * @param body null when the body is no JSON
   */
  public record Reply(int status, JsonNode body, String text, HttpResponse<String> response) {
    /** Returns the name of the error, empty when there is none. */
    public String error() {
      return body == null ? "" : body.path("error_code").asText();
    }

    /** Returns the message of the error. */
    public String message() {
      return body.path("message").asText();
    }
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    folder = Files.createTempDirectory("gateway");
    String name = UUID.randomUUID().toString();
    peers = Channels.inProcess(name);
    gateway =
        GatewayModule.open(
            new GatewayConfig(
                "127.0.0.1",
                0,
                MAX_BODY_BYTES,
                Duration.ofSeconds(20),
                Duration.ofSeconds(5),
                List.of()),
            GatewayPeers.all(peers),
            metrics);
    Clock clock = Clock.systemUTC();
    server =
        GrpcServer.start(
            new GrpcServerConfig("127.0.0.1", 0, 0, 64 << 20, Duration.ofSeconds(5)),
            name,
            List.of(
                TrackingModule.open(TrackingConfig.below(folder), metrics, clock),
                ArtifactModule.open(
                    new ArtifactConfig(
                        TestDatabases.h2(folder),
                        new ArtifactConfig.Folder(folder.resolve("store")),
                        folder.resolve("uploads"),
                        ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
                    metrics,
                    clock),
                RegistryModule.open(
                    RegistryConfig.of(TestDatabases.h2(folder)),
                    peers,
                    peers,
                    peers,
                    metrics,
                    clock),
                gateway),
            metrics);
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    server.close();
    peers.shutdownNow();
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Returns the channel to the services behind the gateway. */
  public ManagedChannel peers() {
    return peers;
  }

  /** Returns the metrics of the process. */
  public MetricRegistry metrics() {
    return metrics;
  }

  /** Returns the address of a path. */
  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + gateway.httpPort() + path);
  }

  /** Posts JSON to an endpoint such as {@code runs/create}. */
  public Reply post(String endpoint, String json) {
    return send(
        HttpRequest.newBuilder(uri(API + endpoint))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json)));
  }

  /** Sends a body by any method. */
  public Reply call(String method, String endpoint, String json) {
    return send(
        HttpRequest.newBuilder(uri(API + endpoint)).method(method, BodyPublishers.ofString(json)));
  }

  /** Gets an endpoint with its query, such as {@code runs/get?run_id=1}. */
  public Reply get(String endpointAndQuery) {
    return send(HttpRequest.newBuilder(uri(API + endpointAndQuery)));
  }

  /** Sends any request. */
  public Reply send(HttpRequest.Builder request) {
    try {
      HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
      boolean json =
          response.headers().firstValue("Content-Encoding").isEmpty()
              && response
                  .headers()
                  .firstValue("Content-Type")
                  .orElse("")
                  .startsWith("application/json");
      return new Reply(
          response.statusCode(),
          json ? JSON.readTree(response.body()) : null,
          response.body(),
          response);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Creates an experiment of a new name and returns its id. */
  public String experiment() {
    return post("experiments/create", "{\"name\":\"" + UUID.randomUUID() + "\"}")
        .body()
        .get("experiment_id")
        .textValue();
  }

  /** Creates a run in an experiment and returns its id. */
  public String run(String experimentId) {
    return post("runs/create", "{\"experiment_id\":\"" + experimentId + "\"}")
        .body()
        .at("/run/info/run_id")
        .textValue();
  }
}

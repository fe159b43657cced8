package dev.slipway.gateway;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.UploadChunk;
import dev.slipway.artifact.v1.UploadRequest;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadSpec;
import dev.slipway.registry.RegistryConfig;
import dev.slipway.registry.RegistryModule;
import dev.slipway.registry.WebhookConfig;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.testing.TestDatabases;
import dev.slipway.serving.ServingConfig;
import dev.slipway.serving.ServingModule;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import io.grpc.ManagedChannel;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Runs the gateway over the real services, once for all tests of the process, and speaks HTTP to
 * it. Tests share what is stored, so that each makes what it needs under names of its own.
 */
public final class GatewayExtension implements BeforeAllCallback {
  /** The largest body that the gateway under test takes. */
  public static final int MAX_BODY_BYTES = 2_000_000;

  /** The largest request to a model that the gateway under test takes. */
  public static final int MAX_INFERENCE_BYTES = 3_000_000;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String API = "/api/2.0/mlflow/";
  private static final Path MODEL = Path.of("src/test/models/mlp");

  private final HttpClient http = HttpClient.newHttpClient();
  private Suite suite;

  /**
   * Is an answer with its parsed body.
   *
   * @param body null when the body is no JSON
   */
  public record Reply(int status, JsonNode body, String text, HttpResponse<byte[]> response) {
    /** Returns the name of the error, empty when there is none. */
    public String error() {
      return body == null ? "" : body.path("error_code").asText();
    }

    /** Returns the message of the error. */
    public String message() {
      return body.path("message").asText();
    }

    /** Returns the bytes of the body, as they came. */
    public byte[] bytes() {
      return response.body();
    }
  }

  /** Is the gateway and the services behind it. */
  private static final class Suite implements AutoCloseable {
    private final MetricRegistry metrics = new MetricRegistry();
    private final Path folder;
    private final ManagedChannel peers;
    private final GatewayModule gateway;
    private final GrpcServer server;

    Suite() throws IOException {
      folder = Files.createTempDirectory("gateway");
      String name = UUID.randomUUID().toString();
      peers = Channels.inProcess(name);
      gateway =
          GatewayModule.open(
              new GatewayConfig(
                  "127.0.0.1",
                  0,
                  MAX_BODY_BYTES,
                  MAX_INFERENCE_BYTES,
                  Duration.ofSeconds(60),
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
                      new RegistryConfig(
                          TestDatabases.h2(folder),
                          RegistryConfig.DEFAULT_POLL_INTERVAL,
                          List.of(),
                          new WebhookConfig(true, true, Set.of())),
                      peers,
                      peers,
                      peers,
                      metrics,
                      clock),
                  ServingModule.open(
                      ServingConfig.withDefaults(folder.resolve("packages")),
                      peers,
                      peers,
                      peers,
                      metrics,
                      clock),
                  gateway),
              metrics);
    }

    @Override
    public void close() throws IOException {
      server.close();
      peers.shutdownNow();
      try (var files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    suite =
        context
            .getRoot()
            .getStore(ExtensionContext.Namespace.GLOBAL)
            .computeIfAbsent(Suite.class, type -> start(), Suite.class);
  }

  private static Suite start() {
    try {
      return new Suite();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the channel to the services behind the gateway. */
  public ManagedChannel peers() {
    return suite.peers;
  }

  /** Returns the metrics of the process. */
  public MetricRegistry metrics() {
    return suite.metrics;
  }

  /** Returns the address of a path. */
  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + suite.gateway.httpPort() + path);
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
      HttpResponse<byte[]> response = http.send(request.build(), BodyHandlers.ofByteArray());
      String text = new String(response.body(), StandardCharsets.UTF_8);
      boolean json =
          response.headers().firstValue("Content-Encoding").isEmpty()
              && response
                  .headers()
                  .firstValue("Content-Type")
                  .orElse("")
                  .startsWith("application/json");
      return new Reply(response.statusCode(), json ? JSON.readTree(text) : null, text, response);
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

  /** Stores a file of the artifact tree, such as {@code 1/run/artifacts/a.txt}. */
  public void store(String path, byte[] content) {
    BlockingClientCall<UploadRequest, UploadResponse> upload =
        ArtifactServiceGrpc.newBlockingV2Stub(suite.peers).upload();
    try {
      upload.write(
          UploadRequest.newBuilder().setSpec(UploadSpec.newBuilder().setPath(path)).build());
      CRC32C crc = new CRC32C();
      crc.update(content);
      upload.write(
          UploadRequest.newBuilder()
              .setChunk(
                  UploadChunk.newBuilder()
                      .setData(ByteString.copyFrom(content))
                      .setCrc32C((int) crc.getValue()))
              .build());
      upload.halfClose();
      upload.read();
    } catch (StatusException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Stores the package of a small network, four numbers in and three out, at a folder. */
  public void storeModel(String folder) {
    for (String file : List.of("MLmodel", "model.onnx")) {
      try {
        store(folder + "/" + file, Files.readAllBytes(MODEL.resolve(file)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}

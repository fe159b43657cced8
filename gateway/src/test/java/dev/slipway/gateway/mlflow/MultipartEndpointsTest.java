package dev.slipway.gateway.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.blob.MinioSettings;
import dev.slipway.gateway.GatewayConfig;
import dev.slipway.gateway.GatewayModule;
import dev.slipway.gateway.GatewayPeers;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.ManagedChannel;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Files that go straight to an object store, as MLflow's client sends them when it is told to. */
final class MultipartEndpointsTest {
  private static final String PROXY = "/api/2.0/mlflow-artifacts/";
  private static final int PART_BYTES = 5 << 20;

  @RegisterExtension
  private final S3ProxyExtension s3 =
      S3ProxyExtension.builder()
          .withCredentials(AuthenticationType.AWS_V4, "access", "very-secret")
          .withBlobStoreProvider("transient-nio2")
          .withPort(0)
          .build();

  @TempDir private Path folder;
  private final HttpClient http = HttpClient.newHttpClient();
  private ManagedChannel peers;
  private GatewayModule gateway;
  private GrpcServer server;

  private void start(ArtifactConfig.Store store) {
    String name = UUID.randomUUID().toString();
    MetricRegistry metrics = new MetricRegistry();
    peers = Channels.inProcess(name);
    gateway =
        GatewayModule.open(
            GatewayConfig.at("127.0.0.1", 0, Duration.ofSeconds(5)),
            GatewayPeers.all(peers),
            metrics);
    server =
        GrpcServer.start(
            new GrpcServerConfig("127.0.0.1", 0, 0, 64 << 20, Duration.ofSeconds(5)),
            name,
            List.of(
                ArtifactModule.open(
                    new ArtifactConfig(
                        TestDatabases.h2(folder),
                        store,
                        folder.resolve("uploads"),
                        ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
                    metrics,
                    Clock.systemUTC()),
                gateway),
            metrics);
  }

  @BeforeEach
  void startOnS3() {
    start(
        new ArtifactConfig.Minio(
            new MinioSettings(
                s3.getUri().toString(),
                "artifacts",
                s3.getAccessKey(),
                s3.getSecretKey(),
                MinioSettings.DEFAULT_REGION)));
  }

  @AfterEach
  void stop() {
    server.close();
    peers.shutdownNow();
  }

  private URI at(String path) {
    return URI.create("http://127.0.0.1:" + gateway.httpPort() + PROXY + path);
  }

  private HttpResponse<String> post(String path, String json) throws Exception {
    return http.send(
        HttpRequest.newBuilder(at(path))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json))
            .build(),
        BodyHandlers.ofString());
  }

  private HttpResponse<byte[]> get(URI uri) throws Exception {
    return http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofByteArray());
  }

  private static JsonNode json(HttpResponse<String> reply) throws Exception {
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return new ObjectMapper().readTree(reply.body());
  }

  private JsonNode create(int parts) throws Exception {
    return json(
        post(
            "mpu/create/1/r/artifacts",
            "{\"path\":\"/home/a/w.bin\",\"num_parts\":%d}".formatted(parts)));
  }

  /** Sends a part as its credential says, and returns what completing it takes. */
  private String send(JsonNode credential, byte[] bytes) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(credential.get("url").textValue()))
            .PUT(BodyPublishers.ofByteArray(bytes));
    credential
        .get("headers")
        .properties()
        .forEach(header -> request.header(header.getKey(), header.getValue().textValue()));
    HttpResponse<String> reply = http.send(request.build(), BodyHandlers.ofString());
    assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    return "{\"part_number\": %d, \"etag\": %s, \"url\": \"ignored\"}"
        .formatted(
            credential.get("part_number").longValue(),
            new ObjectMapper()
                .writeValueAsString(reply.headers().firstValue("ETag").orElseThrow()));
  }

  private static String end(String uploadId, String... parts) {
    return "{\"path\": \"w.bin\", \"upload_id\": \"%s\", \"parts\": [%s]}"
        .formatted(uploadId, String.join(",", parts));
  }

  @Test
  void file_goesUpInPartsAndDownByAUrl() throws Exception {
    byte[] content = new byte[PART_BYTES + 3];
    new Random(1).nextBytes(content);
    JsonNode upload = create(2);
    String id = upload.get("upload_id").textValue();
    JsonNode credentials = upload.get("credentials");
    assertThat(credentials).hasSize(2);
    String second =
        send(credentials.get(1), Arrays.copyOfRange(content, PART_BYTES, content.length));
    String first = send(credentials.get(0), Arrays.copyOf(content, PART_BYTES));
    assertThat(get(at("artifacts/1/r/artifacts/w.bin")).statusCode()).isEqualTo(404);

    HttpResponse<String> elsewhere = post("mpu/complete/2", end(id, first, second));
    HttpResponse<String> completed = post("mpu/complete/1/r/artifacts", end(id, second, first));

    assertThat(elsewhere.statusCode()).as(elsewhere.body()).isEqualTo(400);
    assertThat(completed.body()).isEqualTo("{}");
    assertThat(post("mpu/complete/1/r/artifacts", end(id, first, second)).body())
        .as("a repetition, as clients make it when an answer was lost")
        .isEqualTo("{}");
    assertThat(get(at("artifacts/1/r/artifacts/w.bin")).body()).isEqualTo(content);
    JsonNode presigned =
        new ObjectMapper().readTree(get(at("presigned/1/r/artifacts/w.bin")).body());
    assertThat(presigned.get("file_size").longValue()).isEqualTo(content.length);
    assertThat(presigned.get("headers")).isEmpty();
    assertThat(get(URI.create(presigned.get("url").textValue())).body()).isEqualTo(content);
    assertThat(get(at("presigned/1/r/artifacts/none")).statusCode()).isEqualTo(404);
  }

  @Test
  void manyParts_haveACredentialEach() throws Exception {
    JsonNode credentials = create(1_001).get("credentials");

    assertThat(credentials).hasSize(1_001);
    assertThat(credentials.get(1_000).get("part_number").longValue()).isEqualTo(1_001);
  }

  @Test
  void abortedUpload_isGone() throws Exception {
    String id = create(1).get("upload_id").textValue();

    assertThat(post("mpu/abort/1/r/artifacts", end(id)).body()).isEqualTo("{}");
    assertThat(post("mpu/abort/1/r/artifacts", end(id)).body()).as("again").isEqualTo("{}");
    assertThat(post("mpu/complete/1/r/artifacts", end(id)).statusCode()).isEqualTo(404);
  }

  @Test
  void badRequests_areRefused() throws Exception {
    String id = create(1).get("upload_id").textValue();

    assertThat(post("mpu/create/1/..", "{\"path\": \"w.bin\"}").body()).contains("Invalid path");
    assertThat(post("mpu/create/1", "{}").body())
        .contains("Missing value for required parameter 'path'");
    assertThat(post("mpu/create/1", "{\"path\": \"w\", \"num_parts\": 10001}").statusCode())
        .isEqualTo(400);
    assertThat(post("mpu/abort/2", end(id)).statusCode()).isEqualTo(400);
    HttpResponse<String> lacking =
        post("mpu/complete/1/r/artifacts", end(id, "{\"part_number\": 1, \"etag\": \"abc\"}"));
    assertThat(lacking.statusCode()).as(lacking.body()).isEqualTo(400);
  }

  @Test
  void storeWithoutUrls_saysSo_soThatClientsUploadPlainly() throws Exception {
    stop();
    start(new ArtifactConfig.Folder(folder.resolve("store")));

    HttpResponse<String> refused = post("mpu/create/1", "{\"path\": \"w\", \"num_parts\": 1}");

    assertThat(refused.statusCode()).isEqualTo(501);
    assertThat(new ObjectMapper().readTree(refused.body()).get("message").textValue())
        .startsWith("Multipart upload is not supported");
    http.send(
        HttpRequest.newBuilder(at("artifacts/1/w")).PUT(BodyPublishers.ofString("w")).build(),
        BodyHandlers.ofString());
    assertThat(get(at("presigned/1/w")).statusCode()).isEqualTo(501);
  }
}

package dev.slipway.gateway.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.gateway.GatewayConfig;
import dev.slipway.gateway.GatewayExtension;
import dev.slipway.gateway.GatewayExtension.Reply;
import dev.slipway.gateway.GatewayPeers;
import dev.slipway.gateway.upstream.Services;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MlflowGroupTest {
  @RegisterExtension static final GatewayExtension gateway = new GatewayExtension();

  private static Reply get(String path) {
    return gateway.send(HttpRequest.newBuilder(gateway.uri(path)));
  }

  private static Reply post(String contentType, String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(gateway.uri("/api/2.0/mlflow/experiments/search"))
            .POST(BodyPublishers.ofString(body));
    return gateway.send(
        contentType.isEmpty() ? request : request.header("Content-Type", contentType));
  }

  @Test
  void serviceEndpoints() {
    assertThat(get("/health").text()).isEqualTo("OK");
    assertThat(get("/version").text()).matches("\\d+\\.\\d+\\.\\d+");
    assertThat(get("/api/3.0/mlflow/server-info").body().get("workspaces_enabled").booleanValue())
        .isFalse();
    assertThat(get("/ajax-api/3.0/mlflow/server-info").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/3.0/mlflow/workspaces",
        "/ajax-api/3.0/mlflow/workspaces/one",
      })
  void workspaces_areAbsentInPlainText(String path) {
    Reply reply = get(path);

    assertThat(reply.status()).isEqualTo(503);
    assertThat(reply.body()).isNull();
  }

  @Test
  void webPages_areToldNotToReportOnTheirUsers() {
    assertThat(get("/ajax-api/3.0/mlflow/ui-telemetry").text())
        .isEqualTo(
            "{\"disable_ui_telemetry\":true,\"disable_ui_events\":[],\"ui_rollout_percentage\":0}");
  }

  @Test
  void everyEndpoint_isServedUnderBothPrefixes() {
    Set<String> paths =
        new MlflowGroup(
                GatewayConfig.at("127.0.0.1", 0, Duration.ZERO),
                new Services(GatewayPeers.all(gateway.peers()), Duration.ofSeconds(1)))
            .routes().stream()
                .map(route -> route.method() + " " + route.path())
                .collect(Collectors.toSet());

    assertThat(paths).filteredOn(path -> path.contains(" /api/")).hasSizeGreaterThan(40);
    assertThat(paths)
        .filteredOn(path -> path.contains(" /api/"))
        .allSatisfy(path -> assertThat(paths).contains(path.replace(" /api/", " /ajax-api/")));
  }

  @Test
  void bothPrefixes_leadToTheSame() {
    assertThat(get("/ajax-api/2.0/mlflow/experiments/get?experiment_id=0").text())
        .isEqualTo(get("/api/2.0/mlflow/experiments/get?experiment_id=0").text());
  }

  @Test
  void doubledSlashes_countAsOne() {
    assertThat(get("//api/2.0/mlflow//experiments/get?experiment_id=0").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/nope",
        "/api/2.0/mlflow/experiments/list",
        "/api/2.0/preview/mlflow/experiments/get",
        "/api/2.0/mlflow/experiments/get/",
        "/api/2.0/mlflow/traces",
        "/api/3.0/mlflow/traces/x"
      })
  void unknownPath_is404InJson(String path) {
    Reply reply = get(path);

    assertThat(reply.status()).isEqualTo(404);
    assertThat(reply.error()).isEqualTo("ENDPOINT_NOT_FOUND");
  }

  @Test
  void knownPathByAnotherMethod_is405() {
    assertThat(get("/api/2.0/mlflow/runs/search").status()).isEqualTo(405);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "text/plain", "application/x-www-form-urlencoded"})
  void post_withoutTheTypeOfJson_isRefused(String contentType) {
    Reply reply = post(contentType, "{}");

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(reply.message()).contains("Content-Type must be application/json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{}", "null", "\"{}\""})
  void post_bodyOfNothing_isAnEmptyRequest(String body) {
    assertThat(post("application/json; charset=utf-8", body).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "[]", "5", "{\"a\":}", "{} {}", "\"text\"", "{'a':1}"})
  void post_bodyThatIsNoObject_isRefused(String body) {
    Reply reply = post("application/json", body);

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("BAD_REQUEST");
    assertThat(reply.message()).doesNotContain("Source");
  }

  @Test
  void post_deeplyNestedBody_isRefused() {
    assertThat(post("application/json", "{\"a\":" + "[".repeat(100_000)).status()).isEqualTo(400);
  }

  @Test
  void post_tooLargeBody_isRefused_chunked() {
    byte[] body = new byte[GatewayExtension.MAX_BODY_BYTES + 1];

    Reply chunked =
        gateway.send(
            HttpRequest.newBuilder(gateway.uri("/api/2.0/mlflow/experiments/search"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))));

    assertThat(chunked.status()).isEqualTo(413);
    assertThat(chunked.error()).isEqualTo("BAD_REQUEST");
  }

  @Test
  void post_tooLargeBody_isRefusedBeforeItIsSent_declared() throws IOException {
    URI uri = gateway.uri("/api/2.0/mlflow/experiments/search");
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), uri.getPort())) {
      socket.setSoTimeout(30_000);
      String head =
          String.join(
              "\r\n",
              "POST " + uri.getPath() + " HTTP/1.1",
              "Host: " + uri.getAuthority(),
              "Content-Type: application/json",
              "Content-Length: " + (GatewayExtension.MAX_BODY_BYTES + 1),
              "Connection: close",
              "",
              "");
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));

      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 413 ")
          .contains("\"error_code\":\"BAD_REQUEST\"");
    }
  }

  @Test
  void largeAnswer_isCompressedForWhoeverAsks() {
    for (int i = 0; i < 20; i++) {
      gateway.experiment();
    }
    Reply reply =
        gateway.send(
            HttpRequest.newBuilder(gateway.uri("/api/2.0/mlflow/experiments/search"))
                .header("Accept-Encoding", "gzip"));

    assertThat(reply.response().headers().firstValue("Content-Encoding")).hasValue("gzip");
  }

  @Test
  void requestsAreTimedByRoute() {
    gateway.get("experiments/get?experiment_id=0");

    assertThat(gateway.metrics().getTimers().keySet())
        .contains("http.server.requests.GET.200./api/2.0/mlflow/experiments/get");
    assertThat(gateway.metrics().counter("http.server.active").getCount()).isZero();
  }
}

package dev.slipway.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Puts models of the engine's own tests into Production, behind the gateway under test. */
public final class ServedModels {
  private static final Path MODELS = Path.of("../model-engine/src/test/models");
  private static final String ML_MODEL =
      """
      flavors:
        onnx:
          data: model.onnx
          onnx_version: 1.23.2
      """;

  private ServedModels() {}

  /**
   * Registers an ONNX model and returns its name when its only version, which is in Production,
   * answers.
   *
   * @param file such as {@code mlp}
   */
  public static String serve(GatewayExtension gateway, String file) {
    String name = file + "-" + UUID.randomUUID();
    String folder = "0/" + name + "/artifacts/model";
    gateway.store(folder + "/MLmodel", ML_MODEL.getBytes(StandardCharsets.UTF_8));
    try {
      gateway.store(folder + "/model.onnx", Files.readAllBytes(MODELS.resolve(file + ".onnx")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    post(gateway, "registered-models/create", "{'name':'" + name + "'}");
    post(
        gateway,
        "model-versions/create",
        "{'name':'" + name + "','source':'mlflow-artifacts:/" + folder + "'}");
    post(
        gateway,
        "model-versions/transition-stage",
        "{'name':'" + name + "','version':'1','stage':'Production'}");
    awaitReady(gateway, name);
    return name;
  }

  private static void post(GatewayExtension gateway, String endpoint, String json) {
    assertThat(gateway.post(endpoint, json.replace('\'', '"')))
        .satisfies(reply -> assertThat(reply.status()).as(reply.text()).isEqualTo(200));
  }

  private static void awaitReady(GatewayExtension gateway, String name) {
    HttpRequest.Builder ready =
        HttpRequest.newBuilder(gateway.uri("/v2/models/" + name + "/ready"));
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(3);
    while (gateway.send(ready.copy()).status() != 200) {
      assertThat(System.nanoTime()).as("waited in vain for " + name).isLessThan(end);
    }
  }
}

package dev.slipway.gateway.inference;

import dev.slipway.gateway.GatewayExtension;
import dev.slipway.gateway.GatewayExtension.Reply;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Sends bodies of requests to models, of which single quotes stand for double ones. */
final class Bodies {
  private Bodies() {}

  static String path(String model) {
    return "/v2/models/" + model + "/infer";
  }

  static Reply json(GatewayExtension gateway, String path, String json) {
    return gateway.send(post(gateway, path, quoted(json), ""));
  }

  /** Sends JSON with bytes behind it. */
  static Reply binary(GatewayExtension gateway, String path, String json, String hex) {
    byte[] head = quoted(json);
    return gateway.send(
        post(gateway, path, head, hex)
            .header("Inference-Header-Content-Length", Integer.toString(head.length)));
  }

  static HttpRequest.Builder post(GatewayExtension gateway, String path, byte[] json, String hex) {
    byte[] tail = HexFormat.of().parseHex(hex);
    byte[] body = new byte[json.length + tail.length];
    System.arraycopy(json, 0, body, 0, json.length);
    System.arraycopy(tail, 0, body, json.length, tail.length);
    return HttpRequest.newBuilder(gateway.uri(path)).POST(BodyPublishers.ofByteArray(body));
  }

  static byte[] quoted(String json) {
    return json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the bytes behind the JSON of an answer. */
  static String tail(Reply reply) {
    return HexFormat.of().formatHex(reply.bytes(), jsonBytes(reply), reply.bytes().length);
  }

  /** Returns the JSON of an answer that has bytes behind it. */
  static String head(Reply reply) {
    return new String(reply.bytes(), 0, jsonBytes(reply), StandardCharsets.UTF_8);
  }

  private static int jsonBytes(Reply reply) {
    return Integer.parseInt(
        reply.response().headers().firstValue("Inference-Header-Content-Length").orElseThrow());
  }
}

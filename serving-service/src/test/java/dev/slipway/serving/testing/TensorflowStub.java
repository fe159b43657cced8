package dev.slipway.serving.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;

/**
 * An HTTP server that answers as TensorFlow Serving does for its example model {@code
 * half_plus_two} but for the two: {@code y = x / 2}.
 */
public final class TensorflowStub implements AutoCloseable {
  private static final String METADATA =
      """
      {
      "model_spec":{
       "name": "half",
       "signature_name": "",
       "version": "7"
      }
      ,
      "metadata": {"signature_def": {
       "signature_def": {
        "serving_default": {
         "inputs": {
          "x": {
           "dtype": "DT_FLOAT",
           "tensor_shape": {
            "dim": [
             {
              "size": "-1",
              "name": ""
             }
            ],
            "unknown_rank": false
           },
           "name": "x:0"
          }
         },
         "outputs": {
          "y": {
           "dtype": "DT_FLOAT",
           "tensor_shape": {
            "dim": [
             {
              "size": "-1",
              "name": ""
             }
            ],
            "unknown_rank": false
           },
           "name": "y:0"
          }
         },
         "method_name": "tensorflow/serving/predict"
        }
       }
      }
      }
      }
      """;

  /** Status of the next replies. */
  public volatile int status = 200;

  /** What the next predictions are answered with; half of the first value when empty. */
  public volatile String answer = "";

  /** Path of the last prediction. */
  public volatile String path = "";

  /** Body of the last prediction. */
  public volatile String body = "";

  private final HttpServer server;

  /** Starts on a free port of this machine. */
  public TensorflowStub() throws IOException {
    this(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
  }

  /** Starts on a free port of this machine, with TLS. */
  public TensorflowStub(SSLContext context) throws IOException {
    this(secure(context));
  }

  private TensorflowStub(HttpServer server) {
    this.server = server;
    server.createContext("/", this::handle);
    server.start();
  }

  private static HttpServer secure(SSLContext context) throws IOException {
    HttpsServer server =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    return server;
  }

  /** Returns the port. */
  public int port() {
    return server.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String sent = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      String reply = "{ \"error\": \"out for lunch\" }";
      if (status == 302) {
        exchange.getResponseHeaders().set("Location", "http://127.0.0.1:1/");
      }
      if (exchange.getRequestMethod().equals("POST")) {
        path = exchange.getRequestURI().getPath();
        body = sent;
        reply = status == 200 ? predict() : reply;
      } else if (status == 200) {
        reply = METADATA;
      }
      byte[] bytes = reply.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private String predict() {
    if (!answer.isEmpty()) {
      return answer;
    }
    String first = body.replaceAll(".*\\[([^],]*)[],].*", "$1");
    float half = Float.parseFloat(first) / 2;
    return "{\n    \"outputs\": [\n        " + half + "\n    ]\n}";
  }

  @Override
  public void close() {
    server.stop(0);
  }
}

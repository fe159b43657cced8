package dev.slipway.cli;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Takes messages of webhooks on a port of this machine. Thread-safe. */
final class HookReceiver implements AutoCloseable {
  private final BlockingQueue<Message> messages = new LinkedBlockingQueue<>();
  private final AtomicInteger status = new AtomicInteger(204);
  private final HttpServer server;

  /** Is what was sent: the headers that sign it, and the body. */
  record Message(String id, String timestamp, String signature, String body) {
    /** Returns whether a secret of Standard Webhooks has signed it. */
    boolean isSignedBy(String secret) throws Exception {
      return isSignedBy(Base64.getDecoder().decode(secret.replaceFirst("^whsec_", "")));
    }

    /** Returns whether a text has signed it, as MLflow signs. */
    boolean isSignedByText(String secret) throws Exception {
      return isSignedBy(secret.getBytes(StandardCharsets.UTF_8));
    }

    /** Computes it from nothing but the message. */
    private boolean isSignedBy(byte[] key) throws Exception {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      byte[] digest =
          mac.doFinal(String.join(".", id, timestamp, body).getBytes(StandardCharsets.UTF_8));
      return signature.equals("v1," + Base64.getEncoder().encodeToString(digest));
    }
  }

  HookReceiver() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext(
        "/",
        exchange -> {
          var headers = exchange.getRequestHeaders();
          Message message =
              new Message(
                  first(headers, "webhook-id", "x-mlflow-delivery-id"),
                  first(headers, "webhook-timestamp", "x-mlflow-timestamp"),
                  first(headers, "webhook-signature", "x-mlflow-signature"),
                  new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          exchange.sendResponseHeaders(status.get(), -1);
          exchange.close();
          messages.add(message);
        });
    server.start();
  }

  /** Returns a header by its name in either format. */
  private static String first(Headers headers, String standard, String mlflow) {
    return headers.getFirst(headers.containsKey(standard) ? standard : mlflow);
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/hook";
  }

  /** Says how to answer from now on. */
  void answer(int newStatus) {
    status.set(newStatus);
  }

  /** Waits for the next message. */
  Message next() throws InterruptedException {
    Message next = messages.poll(10, TimeUnit.MINUTES);
    if (next == null) {
      throw new AssertionError("nothing came in time");
    }
    return next;
  }

  @Override
  public void close() {
    server.stop(0);
  }
}

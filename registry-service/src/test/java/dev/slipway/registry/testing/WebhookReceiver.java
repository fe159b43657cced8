package dev.slipway.registry.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Receives what webhooks send, over real HTTP, and answers as it is told. Thread-safe. */
public final class WebhookReceiver implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 600;

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
  private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
  private volatile boolean hanging;

  /** Is a request, with header names in lower case. */
  public record Received(String path, Map<String, String> headers, String body) {}

  /** Is what to answer. */
  public record Answer(int status, Map<String, String> headers, String body) {}

  /** Starts to receive on a free port of this machine. */
  public WebhookReceiver() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::receive);
    server.setExecutor(threads);
    server.start();
  }

  /** Returns the port. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** Returns a URL that leads here. */
  public String url(String path) {
    return "http://127.0.0.1:" + port() + path;
  }

  /** Answers one request, the next that has no answer yet; those after it get 204. */
  public void answer(int status) {
    answer(new Answer(status, Map.of(), "answer " + status));
  }

  /** Answers one request, the next that has no answer yet. */
  public void answer(Answer answer) {
    answers.add(answer);
  }

  /** Answers nothing to the requests that come from now on, until told to recover. */
  public void hang() {
    hanging = true;
  }

  /** Answers the requests that come from now on. */
  public void recover() {
    hanging = false;
  }

  /** Waits for the next request. */
  public Received next() throws InterruptedException {
    Received next = received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing came in time");
    }
    return next;
  }

  /** Waits for some requests. */
  public List<Received> next(int count) throws InterruptedException {
    List<Received> all = new ArrayList<>();
    while (all.size() < count) {
      all.add(next());
    }
    return all;
  }

  /** Returns how many requests have come that nobody has asked for. */
  public int waiting() {
    return received.size();
  }

  private void receive(HttpExchange exchange) throws IOException {
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.get(0)));
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    boolean silent = hanging;
    Answer answer = silent ? null : answers.poll();
    received.add(new Received(exchange.getRequestURI().getPath(), headers, body));
    if (silent) {
      try {
        closing.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      exchange.close();
      return;
    }
    if (answer == null) {
      exchange.sendResponseHeaders(204, -1);
      exchange.close();
      return;
    }
    answer.headers().forEach((name, text) -> exchange.getResponseHeaders().set(name, text));
    byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
    try (exchange) {
      exchange.getResponseBody().write(bytes);
    }
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}

package dev.slipway.registry.upstream;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.registry.webhook.WebhookAttempt;
import dev.slipway.registry.webhook.WebhookFormat;
import dev.slipway.registry.webhook.WebhookMessage;
import java.io.IOException;
import java.net.Proxy;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import okhttp3.Authenticator;
import okhttp3.ConnectionPool;
import okhttp3.CookieJar;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSource;

/**
 * Sends messages of webhooks over HTTP, one attempt at a time.
 *
 * <p>Follows no redirect, uses no proxy, repeats nothing by itself, connects to allowed addresses
 * alone, and reads no more of an answer than is kept of it. Thread-safe.
 */
public final class WebhookSender implements AutoCloseable {
  private static final MediaType JSON = MediaType.get("application/json");

  /** Of each character at most four bytes. */
  private static final long MAX_BODY_BYTES = 4L * WebhookAttempt.MAX_BODY;

  private final WebhookTargets targets;
  private final Clock clock;

  /** Made when it is first needed, since it reads the certificates that the JVM trusts. */
  @GuardedBy("this")
  private OkHttpClient http;

  /** Creates the sender. */
  public WebhookSender(WebhookTargets targets, Clock clock) {
    this.targets = targets;
    this.clock = clock;
  }

  private synchronized OkHttpClient http() {
    if (http == null) {
      http =
          new OkHttpClient.Builder()
              .dns(targets.dns())
              .socketFactory(new CheckedSockets(targets.policy()))
              .proxy(Proxy.NO_PROXY)
              .proxyAuthenticator(Authenticator.NONE)
              .authenticator(Authenticator.NONE)
              .cookieJar(CookieJar.NO_COOKIES)
              .protocols(List.of(Protocol.HTTP_1_1))
              .followRedirects(false)
              .followSslRedirects(false)
              .retryOnConnectionFailure(false)
              // A kept connection that the receiver has just closed would be a failed attempt.
              .connectionPool(new ConnectionPool(0, 1, TimeUnit.SECONDS))
              .build();
    }
    return http;
  }

  /** Makes one attempt, which takes no longer than the message allows; never throws. */
  public WebhookAttempt send(WebhookMessage message) {
    Instant began = clock.instant().truncatedTo(ChronoUnit.MICROS);
    long start = System.nanoTime();
    int status = 0;
    String error = "";
    String body = "";
    try (Response response = client(message.timeout()).newCall(request(message, began)).execute()) {
      status = response.code();
      body = beginning(response);
      if (response.isRedirect()) {
        error = "answered with a redirect, which is not followed; use the address that it names";
      } else if (!response.isSuccessful()) {
        error = "answered with status " + status;
      }
    } catch (IOException | RuntimeException e) {
      // A receiver that has said what it thinks of the message need not say more in time.
      error = status >= 200 && status < 300 ? "" : describe(e);
    }
    return new WebhookAttempt(
        began, Duration.ofNanos(System.nanoTime() - start), status, error, body);
  }

  /** Ends the attempts that are under way; they count as failed. */
  public synchronized void cancelAll() {
    if (http != null) {
      http.dispatcher().cancelAll();
    }
  }

  @Override
  public synchronized void close() {
    if (http != null) {
      http.dispatcher().cancelAll();
      http.dispatcher().executorService().shutdown();
      http.connectionPool().evictAll();
    }
  }

  private OkHttpClient client(Duration timeout) {
    return http()
        .newBuilder()
        .callTimeout(timeout)
        .connectTimeout(timeout)
        .readTimeout(timeout)
        .writeTimeout(timeout)
        .build();
  }

  private static Request request(WebhookMessage message, Instant time) {
    WebhookFormat format = message.secret().format();
    return new Request.Builder()
        .url(message.url())
        .header("user-agent", "slipway-registry")
        // What is packed could unpack to anything.
        .header("accept-encoding", "identity")
        .header(format.idHeader(), message.id())
        .header(format.timestampHeader(), Long.toString(time.getEpochSecond()))
        .header(format.signatureHeader(), message.secret().sign(message.id(), time, message.body()))
        .post(RequestBody.create(message.body().getBytes(StandardCharsets.UTF_8), JSON))
        .build();
  }

  private static String beginning(Response response) throws IOException {
    BufferedSource source = response.body().source();
    long size = source.request(MAX_BODY_BYTES) ? MAX_BODY_BYTES : source.getBuffer().size();
    return source.readString(size, StandardCharsets.UTF_8);
  }

  private static String describe(Exception failure) {
    if (failure instanceof UnknownHostException) {
      return "the name of the host is not known: " + failure.getMessage();
    }
    // That a connection failed says the outer one, and why the inner one.
    Throwable inner = failure.getCause() == null ? failure : failure.getCause();
    String what = Objects.requireNonNullElse(failure.getMessage(), failure.toString());
    return inner == failure || inner.getMessage() == null ? what : what + ": " + inner.getMessage();
  }
}

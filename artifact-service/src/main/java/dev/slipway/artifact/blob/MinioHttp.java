package dev.slipway.artifact.blob;

import io.minio.Http;
import java.time.Duration;
import java.util.Set;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;

/**
 * Makes the HTTP clients of one store. Each has a bound of its own on requests under way, so that
 * those that take minutes hold up neither short ones nor the question whether the store answers.
 * All try what a busy store refuses again, a bounded number of times. Thread-safe.
 */
final class MinioHttp {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration TRANSFER_TIMEOUT = Duration.ofSeconds(60);
  // While the store joins or copies a large file it may say nothing.
  private static final Duration JOIN_TIMEOUT = Duration.ofMinutes(10);
  private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(3);
  // As many as the server has threads that handle calls; the default is 5 for each host.
  private static final int MAX_REQUESTS = 64;
  // Of a store that is too busy or just starting.
  private static final Set<Integer> MAY_PASS = Set.of(429, 500, 502, 503, 504);
  private static final long RETRY_MILLIS = 200;
  private static final int MAX_RETRIES = 3;

  private final OkHttpClient base;

  /**
   * Reads the certificates that are trusted.
   *
   * @throws IllegalArgumentException if there are none to read
   */
  MinioHttp(MinioSettings settings) {
    OkHttpClient.Builder builder =
        new OkHttpClient.Builder()
            .connectTimeout(CONNECT_TIMEOUT)
            .readTimeout(TRANSFER_TIMEOUT)
            .writeTimeout(TRANSFER_TIMEOUT)
            .addInterceptor(new UploadListings())
            .addInterceptor(new Http.StatusRetryInterceptor(MAY_PASS, RETRY_MILLIS, MAX_RETRIES));
    settings
        .trustedCertificates()
        .map(TrustedCertificates::read)
        .ifPresent(it -> it.trust(builder));
    this.base = builder.build();
  }

  /** Returns a new client for bytes and for what the store answers at once. */
  OkHttpClient transfers() {
    return base.newBuilder().dispatcher(dispatcher()).build();
  }

  /** Returns a new client for requests that the store may need minutes to answer. */
  OkHttpClient joins() {
    return base.newBuilder().dispatcher(dispatcher()).readTimeout(JOIN_TIMEOUT).build();
  }

  /** Returns a new client for requests that matter only when they are answered soon. */
  OkHttpClient probes() {
    return base.newBuilder().dispatcher(dispatcher()).callTimeout(PROBE_TIMEOUT).build();
  }

  private static Dispatcher dispatcher() {
    Dispatcher dispatcher = new Dispatcher();
    dispatcher.setMaxRequests(MAX_REQUESTS);
    dispatcher.setMaxRequestsPerHost(MAX_REQUESTS);
    return dispatcher;
  }
}

package dev.slipway.artifact.blob;

import io.minio.Signer;
import io.minio.errors.MinioException;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.RequestBody;

/**
 * Signs URLs for bodies of one size only, which the SDK does not: it leaves Content-Length out of
 * the headers that it signs. Thread-safe.
 */
final class SizedUrls {
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final String SIGNATURE_PREFIX = "X-Amz-";

  private final MinioSettings settings;
  private final Clock clock;

  SizedUrls(MinioSettings settings, Clock clock) {
    this.settings = settings;
    this.clock = clock;
  }

  /** Returns a URL that the SDK has signed for a PUT, signed anew with a size. */
  String sign(String signed, long sizeBytes, Duration lifetime) throws MinioException {
    HttpUrl url = HttpUrl.get(signed);
    HttpUrl.Builder unsigned = url.newBuilder();
    url.queryParameterNames().stream()
        .filter(name -> name.startsWith(SIGNATURE_PREFIX))
        .forEach(unsigned::removeAllQueryParameters);
    Request request =
        new Request.Builder()
            .url(unsigned.build())
            .put(RequestBody.create(new byte[0], null))
            .header("Host", host(url))
            .header("X-Amz-Date", DATE.format(clock.instant()))
            .header("Content-Length", Long.toString(sizeBytes))
            .build();
    return Signer.presignV4(
            request,
            settings.region(),
            settings.accessKey(),
            settings.secretKey(),
            (int) lifetime.toSeconds())
        .toString();
  }

  /** As clients send it: without the port that goes without saying. */
  private static String host(HttpUrl url) {
    String host = url.host().contains(":") ? '[' + url.host() + ']' : url.host();
    return url.port() == HttpUrl.defaultPort(url.scheme()) ? host : host + ':' + url.port();
  }
}

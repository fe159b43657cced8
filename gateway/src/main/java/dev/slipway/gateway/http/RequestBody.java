package dev.slipway.gateway.http;

import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;

/** Reads bodies of requests as a whole, unpacked and bounded. */
public final class RequestBody {
  private static final String ENCODINGS = "gzip, deflate";

  private RequestBody() {}

  /**
   * Returns the body of a request, without the {@code gzip} or {@code deflate} that it may have
   * been packed with.
   *
   * @param maxBytes the largest body taken, packed or not
   * @throws HttpResponseException with 413 if the body is larger, 415 if it is packed another way,
   *     400 if it cannot be unpacked
   * @throws IOException if the client is away
   */
  public static byte[] read(Context context, int maxBytes) throws IOException {
    if (context.contentLength() > maxBytes) {
      throw tooLarge(maxBytes);
    }
    byte[] body;
    try (InputStream unpacked = unpacked(context)) {
      body = unpacked.readNBytes(maxBytes + 1);
    } catch (ZipException | EOFException e) {
      throw new HttpResponseException(
          400, "The request body does not agree with its Content-Encoding: " + e.getMessage());
    }
    if (body.length > maxBytes) {
      throw tooLarge(maxBytes);
    }
    return body;
  }

  private static InputStream unpacked(Context context) throws IOException {
    InputStream body = context.bodyInputStream();
    String encoding = context.header("Content-Encoding");
    return switch (encoding == null ? "" : encoding.strip().toLowerCase(Locale.ROOT)) {
      case "", "identity" -> body;
      case "gzip", "x-gzip" -> new GZIPInputStream(body);
      case "deflate" -> new InflaterInputStream(body);
      default -> {
        context.header("Accept-Encoding", ENCODINGS);
        throw new HttpResponseException(
            415, "The Content-Encoding " + encoding + " is not among " + ENCODINGS);
      }
    };
  }

  private static HttpResponseException tooLarge(int maxBytes) {
    return new HttpResponseException(
        413, "The request body is larger than the " + maxBytes + " bytes that this server takes");
  }
}
